import type { AppProtocol, Service } from "../model/service.ts";
import type { ServiceEntryObject, ServiceObject } from "./objects.ts";
import type { Labels } from "./selectors.ts";

/** A service with what is needed to find its endpoints, and is no part of WDS. */
export interface ServiceInfo {
  readonly service: Service;
  readonly source: "Service" | "ServiceEntry";
  /** Name of the object it comes from: not that of `service` for the host names of a ServiceEntry. */
  readonly object: ServiceObject | ServiceEntryObject;
  readonly selector: Labels;
  readonly ports: readonly ServicePort[];
}

export interface ServicePort {
  readonly port: number;
  readonly name: string;
  /** A number, the name of a container's port, or the port itself. */
  readonly target: number | string;
  /** undefined when the first bytes have to tell. */
  readonly protocol?: AppProtocol | undefined;
}
