// The template editor: line numbers beside the code, and a preview that follows the typing.
(() => {
  const form = document.querySelector("[data-template-form]");
  if (!form) return;

  for (const area of form.querySelectorAll("textarea[data-code]")) {
    const frame = document.createElement("div");
    const lines = document.createElement("pre");
    frame.className = "code";
    lines.className = "code__lines";
    lines.setAttribute("aria-hidden", "true");
    area.replaceWith(frame);
    frame.append(lines, area);
    const count = () => {
      const total = area.value.split("\n").length;
      lines.textContent = Array.from({ length: total }, (_, index) => index + 1).join("\n");
      lines.style.height = `${area.offsetHeight}px`;
      lines.scrollTop = area.scrollTop;
    };
    area.addEventListener("input", count);
    area.addEventListener("scroll", () => { lines.scrollTop = area.scrollTop; });
    new ResizeObserver(count).observe(area);
  }

  const show = document.querySelector("[data-preview]");
  let waiting;
  const preview = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => form.requestSubmit(show), 700);
  };
  form.addEventListener("input", (event) => {
    if (event.target.matches("textarea, [name=subject]")) preview();
  });
  document.querySelector("[data-preview-now]").addEventListener("change", preview);
  preview();
})();
