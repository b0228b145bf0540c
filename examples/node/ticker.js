// A made-up share price that moves every few seconds. It shows its history over HTTP and takes
// commands on its standard input.
"use strict";

const http = require("node:http");
const readline = require("node:readline");

const port = Number(process.env.PORT ?? 8082);
const history = []; // the last prices, oldest first
let price = 100;
let seconds = 5;
let timer = null;

function tick() {
  price = Math.max(1, price * (1 + (Math.random() - 0.5) / 20));
  history.push({ time: new Date().toISOString(), price: Number(price.toFixed(2)) });
  if (history.length > 100) history.shift();
  const arrow = history.length > 1 && history.at(-1).price < history.at(-2).price ? "▼" : "▲";
  console.log(`${arrow} OCTY ${price.toFixed(2)}`);
}

function run(every) {
  clearInterval(timer);
  seconds = every;
  timer = setInterval(tick, every * 1000);
}

const commands = {
  help: () => console.log(`Commands: ${Object.keys(commands).join(", ")}`),
  status: () => {
    const mib = (process.memoryUsage().rss / 2 ** 20).toFixed(0);
    const state = timer ? `every ${seconds} s` : "paused";
    console.log(`Price ${price.toFixed(2)}, ${state}, ${mib} MiB, up ${process.uptime().toFixed(0)} s`);
  },
  every: (value) => {
    const wanted = Number(value);
    if (!(wanted >= 0.05 && wanted <= 3600)) return console.log("Say how often, such as: every 2");
    run(wanted);
    console.log(`A new price every ${wanted} s.`);
  },
  pause: () => {
    clearInterval(timer);
    timer = null;
    console.log("Paused.");
  },
  resume: () => run(seconds),
  crash: () => {
    throw new Error("You asked for it.");
  },
  stop: () => stop(),
};

function stop() {
  console.log("Closing the market.");
  // What is open must not hold us up: 143 or 0, a stop is a stop.
  server.close();
  server.closeAllConnections();
  process.exit(0);
}

const server = http.createServer((request, response) => {
  console.log(`${request.method} ${request.url}`);
  response.setHeader("Content-Type", "application/json");
  response.end(JSON.stringify({ price: Number(price.toFixed(2)), history }) + "\n");
});
server.on("error", (error) => {
  console.error(`Can't listen on port ${port}: ${error.message}`);
  process.exit(1);
});
server.listen(port, "127.0.0.1", () => {
  console.log(`The market is open on http://localhost:${port}; type "help" for the commands.`);
  run(seconds);
});

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const [name, ...values] = line.trim().split(/\s+/);
  if (!name) return;
  if (Object.hasOwn(commands, name)) commands[name](...values);
  else console.log(`"${name}" is no command; type "help".`);
});
process.on("SIGTERM", stop);
process.on("SIGINT", stop);
