const feed = document.getElementById("feed");
new EventSource("/feed").onmessage = ({ data }) => {
  feed.insertAdjacentHTML("afterbegin", data);
  if (feed.children.length > 300) feed.children[feed.children.length - 2].remove();
};
