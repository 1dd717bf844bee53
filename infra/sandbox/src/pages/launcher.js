// The launcher's form for faults.
document.getElementById("fault-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const field = new FormData(event.target);
  const number = (name) => field.get(name) ? Number(field.get(name)) : null;
  change("POST", "faults", JSON.stringify({
    route: field.get("route"),
    marketplace: field.get("marketplace") || null,
    kind: field.get("kind"),
    status: Number(field.get("status")),
    retry_after_s: number("retry_after_s"),
    delay_ms: Number(field.get("delay_ms")),
    item: number("item"),
    times: number("times"),
  }));
});
