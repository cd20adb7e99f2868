// What became of the text, on the page that waits for its code, until there is no more to tell. Without
// this file the page says so when it is loaded again.
{
  const news = document.querySelector('[data-news]');
  const look = async said => {
    try {
      const { html, after } = await (await fetch(news.dataset.news)).json();
      if (html != said) news.innerHTML = html;
      if (after) setTimeout(look, after * 1e3, html);
    } catch {
      setTimeout(look, 9e3, said);
    }
  };
  setTimeout(look, 3e3, news.innerHTML);
}
