// What the page has planned. Runs in the page's own world and before its scripts, since timers can be counted nowhere else: while
// nothing is planned and no answer is under way, a page stays as it is until somebody does something. The oracle asks by an event
// of the window, which both worlds have, and is answered by another.
() => {
  const timers = new Map(); // when each is due, and how often it comes
  const frames = new Set(); // what waits for the next frame, or for an idle moment
  let wakes = false; // whether somebody outside the page can speak to it

  const now = () => performance.now();
  const span = (given) => Math.max(0, Number(given) || 0);

  /** Replaces a function that takes a callback; `note` says how to remember it and how to forget. */
  const count = (name, note) => {
    const real = globalThis[name];
    if (!real) return;
    globalThis[name] = (then, ...rest) => {
      let forget;
      const heard = typeof then === 'function' ? (...said) => { forget?.(); return then.apply(globalThis, said); } : then;
      const id = real(heard, ...rest);
      forget = note(id, rest[0]);
      return id;
    };
  };
  count('setTimeout', (id, after) => {
    timers.set(id, { at: now() + span(after) });
    return () => timers.delete(id);
  });
  count('setInterval', (id, every) => {
    timers.set(id, { at: now() + span(every), every: Math.max(4, span(every)) });
  });
  for (const name of ['requestAnimationFrame', 'requestIdleCallback']) {
    count(name, (id) => {
      frames.add(`${name} ${id}`);
      return () => frames.delete(`${name} ${id}`);
    });
  }

  const forgetting = (name, forget) => {
    const real = globalThis[name];
    if (!real) return;
    globalThis[name] = (id) => {
      forget(id);
      return real(id);
    };
  };
  // The two take each other's numbers.
  for (const name of ['clearTimeout', 'clearInterval']) forgetting(name, (id) => timers.delete(Number(id)));
  forgetting('cancelAnimationFrame', (id) => frames.delete(`requestAnimationFrame ${id}`));
  forgetting('cancelIdleCallback', (id) => frames.delete(`requestIdleCallback ${id}`));

  /** What is planned without a number of its own. */
  const unnumbered = (after) => {
    const key = {};
    timers.set(key, { at: now() + span(after) });
    return () => timers.delete(key);
  };
  // A signal that ends a request plans nothing else: the request is under way until then. It does for whoever listens to it.
  const { timeout, any } = AbortSignal;
  const plans = new WeakMap();
  AbortSignal.timeout = (after) => {
    const signal = timeout.call(AbortSignal, after);
    const [at, listen] = [now() + span(after), signal.addEventListener];
    let forget;
    plans.set(signal, () => {
      if (!signal.aborted) forget ??= unnumbered(at - now());
    });
    listen.call(signal, 'abort', () => forget?.(), { once: true });
    signal.addEventListener = (...given) => {
      plans.get(signal)();
      return listen.apply(signal, given);
    };
    const { get, set } = Object.getOwnPropertyDescriptor(AbortSignal.prototype, 'onabort');
    Object.defineProperty(signal, 'onabort', {
      get,
      set(then) {
        plans.get(signal)();
        set.call(signal, then);
      },
    });
    return signal;
  };
  if (any) {
    AbortSignal.any = (signals) => {
      const all = [...signals];
      for (const signal of all) plans.get(signal)?.();
      return any.call(AbortSignal, all);
    };
  }
  const { postTask } = globalThis.Scheduler?.prototype ?? {};
  if (postTask) {
    Scheduler.prototype.postTask = function (task, options) {
      const done = postTask.call(this, task, options);
      const forget = unnumbered(options?.delay);
      done.then(forget, forget);
      return done;
    };
  }

  // Other tabs can speak to it, too: whoever opened them knows of them.
  for (const name of ['Worker', 'SharedWorker', 'WebSocket', 'WebTransport', 'EventSource', 'RTCPeerConnection']) {
    const Real = globalThis[name];
    if (!Real) continue;
    globalThis[name] = class extends Real {
      constructor(...given) {
        super(...given);
        wakes = true;
      }
    };
    Object.defineProperty(globalThis[name], 'name', { value: name });
  }

  const ELSEWHERE = 'iframe,frame,object,embed,video,audio,meta[http-equiv=refresh i]';
  const comes = ({ at, every }) => (every === undefined ? at : at + Math.ceil(Math.max(0, now() - at) / every) * every);

  /** In how many milliseconds something may change by itself; `null` where nothing is planned. */
  const next = () => {
    const moving = document.getAnimations().some((animation) => animation.playState === 'running');
    if (wakes || moving || frames.size || navigator.serviceWorker?.controller || document.querySelector(ELSEWHERE)) return 0;
    const due = [...timers.values()].map(comes);
    return due.length ? Math.max(0, Math.min(...due) - now()) : null;
  };
  addEventListener('paidpath-asks', () => dispatchEvent(new CustomEvent('paidpath-hears', { detail: JSON.stringify(next()) })));
}
