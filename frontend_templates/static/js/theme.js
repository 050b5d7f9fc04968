// Theme: the choice is a cookie, so the server draws the page right the first time.
(() => {
  const root = document.documentElement;
  root.classList.add("js");

  const show = (theme) => {
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    for (const option of document.querySelectorAll("[data-theme-choice]")) {
      option.setAttribute("aria-pressed", String(option.dataset.themeChoice === theme));
    }
  };

  document.addEventListener("click", (event) => {
    const option = event.target.closest("[data-theme-choice]");
    if (!option) return;
    const theme = option.dataset.themeChoice;
    const year = 31536000;
    document.cookie = `theme=${theme}; path=/; max-age=${year}; samesite=lax`;
    show(theme);
  });

  document.addEventListener("DOMContentLoaded", () => show(root.dataset.theme || "system"));
})();
