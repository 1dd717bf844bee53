// The forms of the records: what is written in them goes to the control API as it is.
document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-path]");
  if (!form) return;
  event.preventDefault();
  change(form.dataset.method, form.dataset.path, new FormData(form).get("fields"));
});
