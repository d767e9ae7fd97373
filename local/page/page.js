// Shows the OpenAPI document. Beside a local stack, its address and a key are filled in.
"use strict";

async function stack() {
  if (!["localhost", "127.0.0.1"].includes(location.hostname)) {
    return null;
  }
  const answer = await fetch("config.json", { cache: "no-store" });
  return answer.ok ? answer.json() : null;
}

// The library shows the button before it has resolved the operation, and a request that is sent then fails unseen.
function executeWhatIsResolved() {
  return {
    wrapComponents: {
      execute: (Execute, { React }) => (props) =>
        React.createElement(Execute, { ...props, disabled: props.disabled || !props.operation.size }),
    },
  };
}

async function show() {
  const local = await stack();
  const spec = window.productApi;
  if (local) {
    spec.servers = [{ url: local.server, description: `This computer, with the key of ${local.client}` }];
  }
  const page = SwaggerUIBundle({
    spec,
    dom_id: "#reference",
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    plugins: [executeWhatIsResolved],
    showExtensions: false,
    tryItOutEnabled: true,
    // Nobody else is asked whether the document is valid.
    validatorUrl: null,
    onComplete: () => {
      if (local) {
        page.preauthorizeApiKey("ApiKey", local.key);
      }
    },
  });
}

for (const button of document.querySelectorAll("nav button")) {
  button.addEventListener("click", () => document.querySelector(button.dataset.shows)?.scrollIntoView());
}

show();
