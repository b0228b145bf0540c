/** The sign of Octyne: eight sides around what runs. */
export function Logo({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 64 64" aria-hidden="true">
      <rect width="64" height="64" rx="15" fill="#0c5460" />
      <path
        d="M24.5 13h15L51 24.5v15L39.5 51h-15L13 39.5v-15z"
        fill="none"
        stroke="#d9f3ee"
        strokeWidth="5.5"
        strokeLinejoin="round"
      />
      <circle cx="32" cy="32" r="6" fill="#ff9d7a" />
    </svg>
  );
}
