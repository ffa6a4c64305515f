// The colours that this browser's owner chose, if other than the system's: before the page is drawn.
{
  const chosen = localStorage.getItem('theme');
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
}
