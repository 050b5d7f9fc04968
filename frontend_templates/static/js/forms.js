// Forms: a warning before unsaved changes are lost, and no second submit of the same form.
(() => {
  const dirty = new Set();

  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (form?.matches("form[data-warn-unsaved]")) dirty.add(form);
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const question = event.submitter?.dataset.confirm ?? form.dataset.confirm;
    if (question && !window.confirm(question)) {
      event.preventDefault();
      return;
    }
    const target = event.submitter?.formTarget || form.target;
    if (target && target !== "_self") return; // a preview elsewhere: the page stays as it is
    dirty.delete(form);
    if (event.defaultPrevented || form.method === "dialog") return;
    if (form.dataset.busy) {
      event.preventDefault();
      return;
    }
    if (form.method === "post" && !form.matches("[hx-post], [hx-put], [hx-patch]")) {
      form.dataset.busy = "true";
      (event.submitter ?? form.querySelector("[type=submit]"))?.setAttribute("aria-busy", "true");
    }
  });

  // What is not filled in has no place in the address of a filtered list.
  const dropEmpty = (data) => {
    for (const [name, value] of [...data.entries()]) if (value === "") data.delete(name);
  };
  document.addEventListener("formdata", (event) => {
    if (event.target.method === "get") dropEmpty(event.formData);
  });
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb === "get") dropEmpty(event.detail.formData);
  });

  // Back from the page cache: the form may be sent again.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-busy]")) {
      delete form.dataset.busy;
      form.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
    }
  });

  window.addEventListener("beforeunload", (event) => {
    for (const form of dirty) {
      if (form.isConnected) {
        event.preventDefault();
        return;
      }
    }
  });

  // A form with errors is already dirty: what was typed is not saved yet.
  document.addEventListener("DOMContentLoaded", () => {
    for (const form of document.querySelectorAll("form[data-warn-unsaved]")) {
      if (form.querySelector("[aria-invalid=true]")) dirty.add(form);
    }
    document.querySelectorAll("select[data-submit-on-change]").forEach((select) => {
      select.addEventListener("change", () => select.form.requestSubmit());
    });
  });
})();
