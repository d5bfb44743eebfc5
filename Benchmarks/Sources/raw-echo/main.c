// The floor of the comparison: frames of the same bytes over the same kind of socket, nothing else.
// `raw-echo serve` prints `READY <port>`; `raw-echo load PORT IN_FLIGHT SECONDS CONNECTIONS` prints a result.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PAYLOAD = 100, FRAME = 4 + PAYLOAD, MOST_IN_FLIGHT = 4096, BUFFER = 1 << 20 };

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static double cpu(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

static void no_delay(int socket) {
    int one = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static void write_all(int socket, const char *bytes, size_t count) {
    while (count > 0) {
        ssize_t written = write(socket, bytes, count);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) fail("write");
        bytes += written;
        count -= (size_t)written;
    }
}

// One thread, epoll, one write per read of everything that came.
static void serve(void) {
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0) fail("bind");
    if (listen(listener, 128) < 0) fail("listen");
    getsockname(listener, (struct sockaddr *)&address, &length);
    printf("READY %d\n", ntohs(address.sin_port));
    fflush(stdout);
    int events = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(events, EPOLL_CTL_ADD, listener, &event);
    static char buffer[BUFFER];
    for (;;) {
        struct epoll_event ready[64];
        int count = epoll_wait(events, ready, 64, -1);
        for (int i = 0; i < count; i++) {
            if (ready[i].data.fd == listener) {
                int client = accept(listener, NULL, NULL);
                no_delay(client);
                struct epoll_event added = {.events = EPOLLIN, .data.fd = client};
                epoll_ctl(events, EPOLL_CTL_ADD, client, &added);
                continue;
            }
            // The bytes go back as they came; frames need not be whole.
            ssize_t got = read(ready[i].data.fd, buffer, sizeof buffer);
            if (got <= 0) {
                close(ready[i].data.fd);
                continue;
            }
            write_all(ready[i].data.fd, buffer, (size_t)got);
        }
    }
}

static int compare(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

// One of the load's connections: a window of calls in flight, answered in their order.
struct connection {
    int socket;
    // Of the window's first call, in `sent`; calls that are not answered yet; bytes that came.
    size_t first, waiting, have;
    char *in;
    double *sent;
};

static struct connection *connect_all(int port, size_t count, size_t window) {
    struct connection *all = calloc(count, sizeof *all);
    for (size_t i = 0; i < count; i++) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        all[i].socket = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(all[i].socket, (struct sockaddr *)&address, sizeof address) < 0) fail("connect");
        no_delay(all[i].socket);
        all[i].in = malloc(window * FRAME);
        all[i].sent = malloc(window * sizeof *all[i].sent);
    }
    return all;
}

static void load(int port, size_t in_flight, double seconds, size_t connections) {
    static char out[MOST_IN_FLIGHT * FRAME];
    for (int i = 0; i < MOST_IN_FLIGHT; i++) {
        uint32_t size = htonl(PAYLOAD);
        memcpy(out + i * FRAME, &size, 4);
        memset(out + i * FRAME + 4, 0x5A, PAYLOAD);
    }
    size_t window = in_flight / connections, open = connections;
    struct connection *all = connect_all(port, connections, window);
    int events = epoll_create1(0);
    size_t room = 1 << 24, measured = 0;
    double *latencies = malloc(room * sizeof *latencies);
    double start = now(), warm = start + 0.3, end = warm + seconds, warm_cpu = 0;
    for (size_t i = 0; i < connections; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &all[i]};
        epoll_ctl(events, EPOLL_CTL_ADD, all[i].socket, &event);
        for (size_t call = 0; call < window; call++) all[i].sent[call] = start;
        all[i].waiting = window;
        write_all(all[i].socket, out, window * FRAME);
    }
    while (open > 0) {
        struct epoll_event ready[64] = {{.data.ptr = all}};
        // A single connection just reads: nothing is cheaper.
        int count = connections == 1 ? 1 : epoll_wait(events, ready, 64, -1);
        double time = now();
        if (time >= warm && warm_cpu == 0) warm_cpu = cpu();
        for (int i = 0; i < count; i++) {
            struct connection *it = ready[i].data.ptr;
            ssize_t got = read(it->socket, it->in + it->have, window * FRAME - it->have);
            if (got <= 0) fail("read");
            time = now();
            it->have += (size_t)got;
            size_t whole = it->have / FRAME;
            for (size_t call = 0; call < whole; call++) {
                if (memcmp(it->in + call * FRAME, out, FRAME) != 0) fail("another message came back");
                double began = it->sent[(it->first + call) % window];
                if (began >= warm && measured < room) latencies[measured++] = (time - began) * 1e6;
            }
            it->have -= whole * FRAME;
            memmove(it->in, it->in + whole * FRAME, it->have);
            it->waiting -= whole;
            if (time < end && whole > 0) {
                for (size_t call = 0; call < whole; call++) it->sent[(it->first + call) % window] = time;
                write_all(it->socket, out, whole * FRAME);
                it->waiting += whole;
            }
            it->first = (it->first + whole) % window;
            if (it->waiting == 0) open--;
        }
    }
    double took = now() - warm, used = cpu() - warm_cpu;
    qsort(latencies, measured, sizeof *latencies, compare);
    printf("{\"calls\": %zu, \"seconds\": %f, \"cpu_seconds\": %f, \"p50_us\": %f, \"p99_us\": %f}\n",
           measured, took, used, measured ? latencies[measured / 2] : 0,
           measured ? latencies[measured * 99 / 100] : 0);
}

int main(int count, char **arguments) {
    if (count == 2 && strcmp(arguments[1], "serve") == 0) {
        serve();
    } else if (count == 6 && strcmp(arguments[1], "load") == 0) {
        int in_flight = atoi(arguments[3]), connections = atoi(arguments[5]);
        if (in_flight < 1 || in_flight > MOST_IN_FLIGHT / 2) return 2;
        if (connections < 1 || in_flight % connections != 0) return 2;
        load(atoi(arguments[2]), (size_t)in_flight, atof(arguments[4]), (size_t)connections);
    } else {
        fprintf(stderr, "usage: raw-echo serve | raw-echo load PORT IN_FLIGHT SECONDS CONNECTIONS\n");
        return 2;
    }
    return 0;
}
