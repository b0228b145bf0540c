import classes from "./sparkline.module.css";

const WIDTH = 96;
const HEIGHT = 26;

/** The last minutes of a number, as a line. Decoration: the number itself stands beside it. */
export function Sparkline({ values, floor }: { values: readonly number[]; floor: number }) {
  if (values.length < 2)
    return <svg className={classes.line} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true" />;
  const top = Math.max(floor, ...values);
  const step = WIDTH / (values.length - 1);
  const path = values
    .map(
      (value, i) =>
        `${(i * step).toFixed(1)} ${(HEIGHT - 2 - (value / top) * (HEIGHT - 4)).toFixed(1)}`,
    )
    .join("L");
  return (
    <svg
      className={classes.line}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path className={classes.area} d={`M${path}L${WIDTH} ${HEIGHT}L0 ${HEIGHT}Z`} />
      <path className={classes.stroke} d={`M${path}`} />
    </svg>
  );
}
