// Keyboard: "/" finds, "?" helps, j and k move in a list, data-key="a" presses that button.
(() => {
  const typing = (target) =>
    target.isContentEditable || target.matches("input, textarea, select");

  const move = (step) => {
    const rows = [...document.querySelectorAll("[data-rows] a[data-row-link]")];
    if (!rows.length) return;
    const next = rows.indexOf(document.activeElement) + step;
    rows[Math.max(0, Math.min(rows.length - 1, next))].focus();
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    const key = event.key;
    if (key === "/") {
      const search = document.querySelector("input[type=search]");
      if (search) {
        event.preventDefault();
        search.select();
        search.focus();
      }
    } else if (key === "?") {
      document.getElementById("shortcuts")?.showModal();
    } else if (key === "j" || key === "k") {
      move(key === "j" ? 1 : -1);
    } else {
      const action = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
      if (action) {
        event.preventDefault();
        action.click();
      }
    }
  });
})();
