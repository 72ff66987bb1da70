// The worker's message handler for `ask`: calls the functions of an object.
self.answer = (functions) => {
  self.onmessage = async ({ data: { method, args } }) => {
    try {
      self.postMessage({ value: await functions[method](...args) });
    } catch (error) {
      self.postMessage({ error: String(error?.message ?? error) });
    }
  };
};
