// Shows /api/v1/openapi.json in Swagger UI 4. That one reads OpenAPI 3.0, our document is 3.1: what we use of the difference is null as a type.

const asReadBy30 = (node) => {
  if (Array.isArray(node)) return node.map(asReadBy30);
  if (node === null || typeof node !== "object") return node;
  const read = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, asReadBy30(value)]));
  if (Array.isArray(read.type)) {
    const types = read.type.filter((type) => type !== "null");
    if (types.length < read.type.length) read.nullable = true;
    if (types.length === 1) read.type = types[0];
    else {
      delete read.type;
      read.anyOf = types.map((type) => ({ type }));
    }
  }
  for (const word of ["anyOf", "oneOf"]) {
    if (!Array.isArray(read[word])) continue;
    const kinds = read[word].filter((kind) => kind.type !== "null");
    if (kinds.length < read[word].length) {
      read.nullable = true;
      read[word] = kinds;
    }
  }
  return read;
};

const place = document.getElementById("swagger");

const show = async () => {
  const answer = await fetch(place.dataset.document);
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  const spec = asReadBy30(await answer.json());
  spec.openapi = "3.0.3";
  SwaggerUIBundle({
    spec,
    domNode: place,
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    docExpansion: "none",
    defaultModelsExpandDepth: 0,
    deepLinking: true,
    displayOperationId: true,
    filter: true,
    showExtensions: true,
    persistAuthorization: false,
    validatorUrl: null,
  });
};

show().catch((fault) => {
  const told = document.createElement("p");
  told.setAttribute("role", "alert");
  told.textContent = `${place.dataset.failed} (${fault.message})`;
  place.replaceChildren(told);
});
