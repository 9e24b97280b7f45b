// SPDX-License-Identifier: Apache-2.0
// Preloaded into a broker: what it wants to be durable is refused, or takes long, when the file that SYNC_FAULT
// names says so: "fails", or milliseconds. disks.py compiles it.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int fails(void) {
  char text[16] = "";
  const char* path = getenv("SYNC_FAULT");
  FILE* file = path ? fopen(path, "r") : NULL;
  if (!file) return 0;
  if (!fgets(text, sizeof text, file)) text[0] = 0;
  fclose(file);
  if (text[0] >= '1' && text[0] <= '9') usleep(1000 * (useconds_t)atoi(text));
  if (text[0] != 'f') return 0;
  errno = EIO;
  return 1;
}

int fdatasync(int descriptor) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  return fails() ? -1 : real(descriptor);
}

int fsync(int descriptor) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  return fails() ? -1 : real(descriptor);
}
