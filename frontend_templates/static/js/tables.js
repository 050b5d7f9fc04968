// Bulk selection: a header box for all, Shift for a range, and a bar that counts.
(() => {
  let last = null;

  const boxes = (scope) => [...scope.querySelectorAll("[data-row-check]")];

  const refresh = (scope) => {
    const all = boxes(scope);
    const chosen = all.filter((box) => box.checked);
    const head = scope.querySelector("[data-check-all]");
    if (head) {
      head.checked = all.length > 0 && chosen.length === all.length;
      head.indeterminate = chosen.length > 0 && chosen.length < all.length;
    }
    const bar = scope.querySelector("[data-bulk-bar]");
    if (!bar) return;
    bar.hidden = chosen.length === 0;
    const count = bar.querySelector("[data-bulk-count]");
    if (count) count.textContent = chosen.length;
  };

  document.addEventListener("click", (event) => {
    const box = event.target;
    const scope = box.closest?.("[data-bulk]");
    if (!scope) return;
    if (box.matches("[data-check-all]")) {
      boxes(scope).forEach((row) => { row.checked = box.checked; });
    } else if (box.matches("[data-row-check]")) {
      const all = boxes(scope);
      if (event.shiftKey && last && all.includes(last)) {
        const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
        all.slice(from, to + 1).forEach((row) => { row.checked = box.checked; });
      }
      last = box;
    } else if (box.closest("[data-bulk-clear]")) {
      boxes(scope).forEach((row) => { row.checked = false; });
    } else {
      return;
    }
    refresh(scope);
  });

  const refreshAll = () => document.querySelectorAll("[data-bulk]").forEach(refresh);
  document.addEventListener("DOMContentLoaded", refreshAll);
  document.addEventListener("htmx:afterSettle", refreshAll);
})();
