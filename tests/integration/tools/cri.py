#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A call of the Container Runtime Interface, as a kubelet makes it: cri.py SOCKET METHOD REQUEST-AS-JSON

Prints the answer as JSON. Of the interface's messages (k8s.io/cri-api, runtime.v1) it knows the fields that the tests use.
"""
import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

MESSAGES = """
PodSandboxMetadata: name 1 string, uid 2 string, namespace 3 string, attempt 4 uint32
NamespaceOption: network 1 int32, pid 2 int32, ipc 3 int32
LinuxSandboxSecurityContext: namespace_options 1 NamespaceOption, privileged 6 bool
LinuxPodSandboxConfig: cgroup_parent 1 string, security_context 2 LinuxSandboxSecurityContext
PodSandboxConfig: metadata 1 PodSandboxMetadata, hostname 2 string, log_directory 3 string, annotations 7 map, linux 8 LinuxPodSandboxConfig
RunPodSandboxRequest: config 1 PodSandboxConfig, runtime_handler 2 string
RunPodSandboxResponse: pod_sandbox_id 1 string
StopPodSandboxRequest: pod_sandbox_id 1 string
StopPodSandboxResponse:
RemovePodSandboxRequest: pod_sandbox_id 1 string
RemovePodSandboxResponse:
ImageSpec: image 1 string
LinuxContainerResources: cpu_period 1 int64, cpu_quota 2 int64, cpu_shares 3 int64, memory_limit_in_bytes 4 int64
SecurityProfile: profile_type 1 int32, localhost_ref 2 string
LinuxContainerSecurityContext: privileged 2 bool, namespace_options 3 NamespaceOption, no_new_privs 11 bool, seccomp 15 SecurityProfile
LinuxContainerConfig: resources 1 LinuxContainerResources, security_context 2 LinuxContainerSecurityContext
ContainerMetadata: name 1 string, attempt 2 uint32
ContainerConfig: metadata 1 ContainerMetadata, image 2 ImageSpec, command 3 strings, annotations 10 map, log_path 11 string, linux 15 LinuxContainerConfig
CreateContainerRequest: pod_sandbox_id 1 string, config 2 ContainerConfig, sandbox_config 3 PodSandboxConfig
CreateContainerResponse: container_id 1 string
StartContainerRequest: container_id 1 string
StartContainerResponse:
StopContainerRequest: container_id 1 string, timeout 2 int64
StopContainerResponse:
RemoveContainerRequest: container_id 1 string
RemoveContainerResponse:
ExecSyncRequest: container_id 1 string, cmd 2 strings, timeout 3 int64
ExecSyncResponse: stdout 1 bytes, stderr 2 bytes, exit_code 3 int32
UpdateContainerResourcesRequest: container_id 1 string, linux 2 LinuxContainerResources
UpdateContainerResourcesResponse:
ContainerStatusRequest: container_id 1 string
ContainerStatus: id 1 string, state 3 int32, exit_code 7 int32, reason 10 string, message 11 string
ContainerStatusResponse: status 1 ContainerStatus
VersionRequest: version 1 string
VersionResponse: runtime_name 2 string, runtime_version 3 string
"""


def add_field(message, text):
    """`NAME NUMBER TYPE`: a scalar, another message, `strings`, or `map` (of strings to strings)."""
    name, number, kind = text.split()
    field = message.field.add(name=name, number=int(number), label=1)
    if kind == "map":
        entry = message.nested_type.add(name=name.title() + "Entry")
        entry.options.map_entry = True
        for key_number, key in enumerate(("key", "value"), 1):
            entry.field.add(name=key, number=key_number, label=1, type=9)
        field.label, field.type, field.type_name = 3, 11, f".runtime.v1.{message.name}.{entry.name}"
    elif kind == "strings":
        field.label, field.type = 3, 9
    elif hasattr(descriptor_pb2.FieldDescriptorProto, "TYPE_" + kind.upper()):
        field.type = getattr(descriptor_pb2.FieldDescriptorProto, "TYPE_" + kind.upper())
    else:
        field.type, field.type_name = 11, f".runtime.v1.{kind}"


def messages():
    file = descriptor_pb2.FileDescriptorProto(name="cri.proto", package="runtime.v1", syntax="proto3")
    for line in MESSAGES.strip().splitlines():
        name, fields = line.split(":")
        message = file.message_type.add(name=name)
        for field in filter(None, (text.strip() for text in fields.split(","))):
            add_field(message, field)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    factory = message_factory.MessageFactory(pool)
    return lambda name: factory.GetPrototype(pool.FindMessageTypeByName("runtime.v1." + name))


def main():
    socket, method, request = sys.argv[1:4]
    message = messages()
    with grpc.insecure_channel("unix://" + socket) as channel:
        call = channel.unary_unary(
            f"/runtime.v1.RuntimeService/{method}",
            request_serializer=lambda sent: sent.SerializeToString(),
            response_deserializer=message(method + "Response").FromString,
        )
        try:
            answer = call(json_format.Parse(request, message(method + "Request")()), timeout=60)
        except grpc.RpcError as error:
            sys.exit(f"{method}: {error.code().name}: {error.details()}")
    print(json_format.MessageToJson(answer, preserving_proto_field_name=True, including_default_value_fields=True))


main()
