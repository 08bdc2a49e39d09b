/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The strings of a TOML file, as the engines' configurations have them: tables, dotted and quoted keys, arrays
 * and inline tables. Only for looking: numbers, dates, booleans and what is not understood are passed over. A file
 * that this takes for right may be wrong to its engine.
 */
#ifndef STINT_DOCTOR_TOML_H
#define STINT_DOCTOR_TOML_H

/* Calls `each` for every string, in order, also for each of an array. `path`: its keys with slashes between,
 * "plugins/io.containerd.grpc.v1.cri/containerd/default_runtime_name". What is nested or long beyond reason is
 * passed over. `text` is NUL-terminated. */
void toml_each_string(const char *text, void (*each)(const char *path, const char *value, void *data), void *data);

#endif
