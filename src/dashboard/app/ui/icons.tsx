/** The page's few icons, drawn on a 20 × 20 grid; each stands beside a text, so none is read out. */
const PATHS = {
  more: 'M5 10h.01M10 10h.01M15 10h.01',
  home: 'M3.5 9.5 10 4l6.5 5.5M5.5 8.5V16h9V8.5M8.5 16v-4h3v4',
  live: 'M3 10h2.5l2-5 4 11 2.5-8 1.2 2H17',
  calls: 'M4 5h12M4 10h12M4 15h7',
  overview: 'M4 16V9M8.5 16V4M13 16v-5M17 16V7',
  events: 'M3 6h3M3 10h3M3 14h3M8.5 6H17M8.5 10h5M8.5 14H17',
  tokens: 'M12.5 11.5a4 4 0 1 0-3-3L4 14v2.5h3V15h1.5v-1.5H10z',
  webhooks:
    'M6.8 8.6a3.3 3.3 0 1 1 5.3-.3l2.3 4M8.6 13.6h5a2.6 2.6 0 1 1-1.6 2.4M10 6.4l-2.6 4.8a2.8 2.8 0 1 0 1.4 2.4',
  signOut: 'M8 4H4v12h4M12 7l3 3-3 3M15 10H8',
  sun: 'M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM10 2v1.6M10 16.4V18M2 10h1.6M16.4 10H18M4.3 4.3l1.2 1.2M14.5 14.5l1.2 1.2M4.3 15.7l1.2-1.2M14.5 5.5l1.2-1.2',
  moon: 'M16.5 12A7 7 0 0 1 8 3.5a7 7 0 1 0 8.5 8.5z',
  system: 'M3.5 4.5h13v8.5h-13zM7.5 16.5h5M10 13v3.5',
  phone:
    'M5 3.5h2.5l1.2 3.5-1.7 1.3a9 9 0 0 0 4.7 4.7l1.3-1.7 3.5 1.2V15a1.5 1.5 0 0 1-1.5 1.5A11.5 11.5 0 0 1 3.5 5 1.5 1.5 0 0 1 5 3.5z',
  webrtc:
    'M3.5 10a6.5 6.5 0 1 0 13 0 6.5 6.5 0 0 0-13 0zM3.5 10h13M10 3.5c2 2 2.5 4.3 2.5 6.5s-.5 4.5-2.5 6.5c-2-2-2.5-4.3-2.5-6.5s.5-4.5 2.5-6.5z',
  chat: 'M4 4.5h12v8.5H9.5L6 16v-3H4z',
  whatsapp: 'M4 16l.9-3A6.5 6.5 0 1 1 7.3 15.3zM7.5 8.5c0 2 2 4 4 4',
  tool: 'M12.5 3.8a4 4 0 0 0-3.7 5.4L3.8 14.2a1.4 1.4 0 0 0 2 2l5-5a4 4 0 0 0 5.3-4.7l-2.4 2.3-2.2-.3-.3-2.2z',
  search: 'M9 4a5 5 0 1 0 0 10A5 5 0 0 0 9 4zM12.7 12.7 16.5 16.5',
  play: 'M6.5 4.5v11l9-5.5z',
  pause: 'M7 5v10M13 5v10',
  link: 'M8.5 11.5l3-3M9.5 6.5l1.2-1.2a2.7 2.7 0 0 1 3.9 3.9L13.4 10.5M10.5 13.5l-1.2 1.2a2.7 2.7 0 0 1-3.9-3.9L6.6 9.5',
  pin: 'M7 3.5h6l-1 5 2.5 3h-9l2.5-3zM10 11.5V17',
  bell: 'M5 13.5V9a5 5 0 0 1 10 0v4.5l1.5 1.5h-13zM8.5 17h3',
  bellOff: 'M5 13.5V9a5 5 0 0 1 8-4M15 9v4.5l1.5 1.5h-10M8.5 17h3M3 3l14 14',
  download: 'M10 3.5v9M6.5 9l3.5 3.5L13.5 9M4 16.5h12',
  back: 'M12 4.5 6.5 10l5.5 5.5',
  interrupted: 'M4 10h5M11 5.5l5 9M16 5.5l-5 9',
  rules: 'M5 17V3.5M5 4.5h10l-2.5 3.5 2.5 3.5H5',
  tenants: 'M4 17V4h7v13M11 8h5v9M6.5 7h2M6.5 10h2M6.5 13h2M2.5 17h15',
  agents: 'M10 4.5a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM4.5 16.5c.5-3 2.7-4.5 5.5-4.5s5 1.5 5.5 4.5',
  audit: 'M5 3.5h7l3 3v10H5zM8 9h4M8 12h4',
  connections:
    'M5 10a1.8 1.8 0 1 0 .01 0M15 5a1.8 1.8 0 1 0 .01 0M15 15a1.8 1.8 0 1 0 .01 0M6.6 9l6.8-3.3M6.6 11l6.8 3.3',
  health: 'M10 16.5S3.5 12.5 3.5 8A3.3 3.3 0 0 1 10 6.5 3.3 3.3 0 0 1 16.5 8c0 4.5-6.5 8.5-6.5 8.5z',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
