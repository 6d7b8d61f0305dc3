/** Of the chart library, only what is drawn here; in the colours of the page, and drawn again when these change. */
import {
  ArcElement,
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  type ChartConfiguration,
  DoughnutController,
  Filler,
  LineController,
  LineElement,
  LinearScale,
  PointElement,
  Tooltip,
} from 'chart.js';
import { type RefObject, useEffect, useRef, useState } from 'react';
import { theme } from '../ui/theme.js';
import { useStore } from '../common/store.js';

Chart.register(
  ArcElement,
  BarController,
  BarElement,
  CategoryScale,
  DoughnutController,
  Filler,
  LineController,
  LineElement,
  LinearScale,
  PointElement,
  Tooltip,
);

export interface Colours {
  readonly ink: string;
  readonly quiet: string;
  readonly line: string;
  readonly surface: string;
  readonly accent: string;
  readonly second: string;
  readonly parts: readonly string[];
}

const DARK = matchMedia('(prefers-color-scheme: dark)');

/** A chart on the canvas, for as long as that is there. `configure` must come from `useCallback`. */
export function useChart(configure: (colours: Colours) => ChartConfiguration): RefObject<HTMLCanvasElement | null> {
  const canvas = useRef<HTMLCanvasElement>(null);
  const chosen = useStore(theme);
  const [isDark, setIsDark] = useState(DARK.matches);
  useEffect(() => {
    const look = () => setIsDark(DARK.matches);
    DARK.addEventListener('change', look);
    return () => DARK.removeEventListener('change', look);
  }, []);
  useEffect(() => {
    if (canvas.current === null) return;
    const chart = new Chart(canvas.current, configure(coloursOf(canvas.current)));
    return () => chart.destroy();
  }, [configure, chosen, isDark]);
  return canvas;
}

/** As the style sheet has them: a canvas does not know its variables, nor `light-dark()`. */
function coloursOf(element: HTMLElement): Colours {
  const probe = document.createElement('span');
  // A colour on its way to another is neither.
  probe.style.transitionProperty = 'none';
  element.parentElement?.append(probe);
  const colour = (name: string) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const colours = {
    ink: colour('ink'),
    quiet: colour('ink-2'),
    line: colour('line'),
    surface: colour('surface'),
    accent: colour('accent'),
    second: colour('think'),
    parts: ['chart-1', 'chart-2', 'chart-3', 'chart-4', 'chart-5', 'chart-6'].map(colour),
  };
  probe.remove();
  return colours;
}
