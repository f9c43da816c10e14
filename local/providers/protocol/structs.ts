import structProto from "google-protobuf/google/protobuf/struct_pb.js";
import type { PropertyMap } from "./propertyValues.ts";

/** A protobuf struct as plain JSON; an absent one is an empty map. */
export function toMap(value: structProto.Struct | undefined): PropertyMap {
  return (value?.toJavaScript() ?? {}) as PropertyMap;
}

export function toStruct(value: PropertyMap): structProto.Struct {
  return structProto.Struct.fromJavaScript(value as Parameters<typeof structProto.Struct.fromJavaScript>[0]);
}
