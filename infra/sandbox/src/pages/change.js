// The buttons of every page: one request to the control API each, then a fresh page.
const problem = document.getElementById("problem");

async function change(method, path, body) {
  try {
    const answer = await fetch("/control/" + path, {
      method,
      headers: { "Content-Type": "application/json" },
      body,
    });
    if (answer.ok) return location.reload();
    problem.textContent = (await answer.json()).error;
  } catch {
    problem.textContent = "The sandbox does not answer.";
  }
  problem.hidden = false;
  problem.scrollIntoView({ block: "nearest" });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-path]");
  if (!button || (button.dataset.confirm && !confirm(button.dataset.confirm))) return;
  button.disabled = true;
  change(button.dataset.method, button.dataset.path, button.dataset.body).finally(() => { button.disabled = false; });
});
