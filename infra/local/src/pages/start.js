const feed = document.getElementById("feed");
const stopped = document.getElementById("stopped");
const source = new EventSource("/feed");
source.onopen = () => (stopped.hidden = true);
source.onerror = () => (stopped.hidden = false);
source.onmessage = ({ data }) => {
  feed.insertAdjacentHTML("afterbegin", data);
  if (feed.children.length > 300) feed.children[feed.children.length - 2].remove();
};
