// The Node reference server of tus with its file store, on a free loopback port; prints the port. Argument: the folder for the files.
import http from "node:http";
import { FileStore } from "@tus/file-store";
import { Server } from "@tus/server";

const tus = new Server({ path: "/files", datastore: new FileStore({ directory: process.argv[2] }) });
const server = http.createServer((request, response) => tus.handle(request, response));
server.keepAliveTimeout = 120_000;
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
