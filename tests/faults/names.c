/* A name whose address changes, for one process: preloaded, it looks up the address instead of the name that the file
   FAULTS_NAMES says ("name address"). Any other name is looked up as ever. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int look_up(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    look_up *real = (look_up *)dlsym(RTLD_NEXT, "getaddrinfo");
    const char *path = getenv("FAULTS_NAMES");
    char name[64], address[64];
    FILE *file = node && path ? fopen(path, "re") : NULL;
    if (file) {
        if (fscanf(file, "%63s %63s", name, address) == 2 && !strcmp(node, name)) node = address;
        fclose(file);
    }
    return real(node, service, hints, found);
}
