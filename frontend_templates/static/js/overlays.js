// Dialogs, drawers, menus, toasts, copy buttons. Everything is delegated to the document,
// so content swapped in by htmx works without being wired up again.
(() => {
  const open = (dialog) => {
    if (dialog && !dialog.open) dialog.showModal();
  };

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog-open]");
    if (opener) {
      const dialog = document.getElementById(opener.dataset.dialogOpen);
      if (dialog) {
        event.preventDefault();
        open(dialog);
      }
    }
    const closer = event.target.closest("[data-dialog-close]");
    if (closer) closer.closest("dialog")?.close();
    // A click on the dialog element itself is a click on its backdrop.
    if (event.target.matches?.("dialog[data-light-dismiss]")) event.target.close();

    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
    if (event.target.closest(".toast__close")) event.target.closest(".toast").remove();
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.querySelector("details.menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    } else if (location.hash === "#navigation") {
      location.hash = "#main";
    }
  });

  // Content loaded into a drawer by htmx opens it; an emptied one closes.
  document.addEventListener("htmx:afterSwap", (event) => {
    const dialog = event.target.closest?.("dialog[data-open-on-load]");
    if (!dialog) return;
    if (event.target.childElementCount) open(dialog);
    else dialog.close();
  });

  // Good news leaves by itself; a warning or an error stays until it is closed.
  const settle = (toast) => {
    if (toast.matches(".toast--bad, .toast--warn")) return;
    let timer = 0;
    const start = () => { timer = setTimeout(() => toast.remove(), 7000); };
    for (const name of ["mouseenter", "focusin"]) toast.addEventListener(name, () => clearTimeout(timer));
    for (const name of ["mouseleave", "focusout"]) toast.addEventListener(name, start);
    start();
  };

  const showToast = ({ text, tone = "info" }) => {
    const template = document.getElementById("toast-template");
    const region = document.getElementById("toasts");
    if (!template || !region || !text) return;
    const toast = template.content.firstElementChild.cloneNode(true);
    toast.classList.add(`toast--${tone}`);
    toast.querySelector(".toast__text").textContent = text;
    region.append(toast);
    settle(toast);
  };

  // A view answers htmx with HX-Trigger: {"toast": {"text": …, "tone": …}}.
  document.addEventListener("toast", (event) => showToast(event.detail));

  const region = () => document.getElementById("toasts");
  const failed = (event) => {
    const text = region()?.dataset[event.type === "htmx:sendError" ? "offline" : "failed"];
    const id = event.detail.xhr?.getResponseHeader("X-Request-ID");
    showToast({ text: id ? `${text} (${id})` : text, tone: "bad" });
  };
  document.addEventListener("htmx:responseError", failed);
  document.addEventListener("htmx:sendError", failed);

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.value ?? source.textContent.trim());
      showToast({ text: button.dataset.copied, tone: "ok" });
    } catch {
      getSelection().selectAllChildren(source);
    }
  });

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".toast").forEach(settle);
    // A row of tabs wider than a phone starts where the current one is seen.
    document.querySelectorAll(".tabs__link[aria-current]").forEach((tab) => {
      const row = tab.parentElement;
      row.scrollLeft = tab.offsetLeft - row.offsetLeft - (row.clientWidth - tab.offsetWidth) / 2;
    });
    // Sent open for readers without scripts; a modal one keeps focus and answers Escape.
    document.querySelectorAll("dialog[data-open-now]").forEach((dialog) => {
      dialog.open = false;
      open(dialog);
    });
    // After the dialogs, which take the focus themselves.
    document.querySelector("[data-focus-on-load]")?.focus();
  });
})();
