// Begins: reads the state from the address, fills the controls, draws.

// Shows the state; `patch` says what changed, null for everything.
function render(patch) {
  const only = (keys) => patch !== null && Object.keys(patch).every((key) => keys.includes(key));
  if (!only(['record', 'page', 'mark', 'outcome'])) {
    drawChart();
    filterChanges();
    renderNumbers();
  } else if (patch.mark !== undefined) {
    for (const node of chart.svg.querySelectorAll('.is-on')) node.classList.remove('is-on');
    chart.nodes.get(state.mark)?.node.classList.add('is-on');
  }
  if (!only(['record', 'mark'])) renderAttempts();
  if (!only(['record', 'page', 'outcome'])) renderMark();
  if (patch === null || patch.zone !== undefined) renderTimes();
  renderControls();
  renderRecord();
  if (patch !== null && !only(['record', 'mark', 'page'])) byId('live').textContent = byId('shown').textContent;
}

function begin() {
  document.documentElement.classList.add('script');
  // Without a connection there is nothing to draw and to filter.
  for (const id of ['timeline', 'attempts']) byId(id).hidden = !DATA.window;
  fillControls();
  fillLegend();
  Object.assign(state, fromFragment(location.hash));
  listenToChart();
  listenToRecords();
  listenToControls();
  listenToLinks();
  render(null);
  byId('theme').setAttribute('aria-pressed', isDark());
  let width = byId('chart-frame').clientWidth;
  addEventListener('resize', () => {
    if (byId('chart-frame').clientWidth === width) return;
    width = byId('chart-frame').clientWidth;
    drawChart();
  });
  addEventListener('hashchange', () => {
    if (!location.hash.includes('=')) return;
    Object.assign(state, DEFAULTS, fromFragment(location.hash));
    render(null);
  });
  if (location.search === '?selftest') selftest();
}

begin();
