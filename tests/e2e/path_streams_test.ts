/** Ends of connections, one half at a time or all at once, over every lane. */
import { testStreams, WAYS } from "./stream_ways.ts";
import { shareMesh } from "./support.ts";

testStreams(shareMesh(), WAYS);
