// The peer of the row grpc-cpp: gRPC C++ with its asynchronous interface, echoing bytes without a schema.
// `grpc-cpp-echo serve` prints `READY <port>`; `grpc-cpp-echo load PORT IN_FLIGHT SECONDS CONNECTIONS` prints a result.
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

static const size_t kPayload = 100;

static double Now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

static double Cpu() {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

// One call at the server: requested, read, answered, over.
struct Answer {
    enum { kRequested, kRead, kAnswered } step = kRequested;
    grpc::GenericServerContext context;
    grpc::GenericServerAsyncReaderWriter stream{&context};
    grpc::ByteBuffer bytes;
};

static void Serve() {
    grpc::AsyncGenericService service;
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterAsyncGenericService(&service);
    std::unique_ptr<grpc::ServerCompletionQueue> queue = builder.AddCompletionQueue();
    std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
    auto request = [&] {
        auto *answer = new Answer;
        service.RequestCall(&answer->context, &answer->stream, queue.get(), queue.get(), answer);
    };
    for (int i = 0; i < 256; i++) request();
    printf("READY %d\n", port);
    fflush(stdout);
    void *tag;
    bool ok;
    while (queue->Next(&tag, &ok)) {
        auto *answer = static_cast<Answer *>(tag);
        if (!ok || answer->step == Answer::kAnswered) {
            delete answer;
        } else if (answer->step == Answer::kRequested) {
            request();
            answer->step = Answer::kRead;
            answer->stream.Read(&answer->bytes, answer);
        } else {
            answer->step = Answer::kAnswered;
            answer->stream.WriteAndFinish(answer->bytes, grpc::WriteOptions(), grpc::Status::OK, answer);
        }
    }
}

// One call at the client.
struct Call {
    grpc::ClientContext context;
    grpc::ByteBuffer reply;
    grpc::Status status;
    std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
    double began;
};

static void Fail(const char *what) {
    fprintf(stderr, "grpc-cpp-echo: %s\n", what);
    exit(1);
}

static void Load(const std::string &port, int in_flight, double seconds) {
    auto channel = grpc::CreateChannel("127.0.0.1:" + port, grpc::InsecureChannelCredentials());
    grpc::GenericStub stub(channel);
    grpc::CompletionQueue queue;
    std::string payload(kPayload, 'Z');
    grpc::Slice slice(payload);
    grpc::ByteBuffer request(&slice, 1);
    auto start = [&] {
        auto *call = new Call;
        call->began = Now();
        // A deadline on every call, as ours have.
        call->context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
        call->reader = stub.PrepareUnaryCall(&call->context, "/echo.Echo/Get", request, &queue);
        call->reader->StartCall();
        call->reader->Finish(&call->reply, &call->status, call);
    };
    std::vector<double> latencies;
    double warm = Now() + 0.3, end = warm + seconds, warm_cpu = 0;
    int waiting = in_flight;
    for (int i = 0; i < in_flight; i++) start();
    void *tag;
    bool ok;
    while (waiting > 0 && queue.Next(&tag, &ok)) {
        std::unique_ptr<Call> call(static_cast<Call *>(tag));
        if (!call->status.ok()) Fail(call->status.error_message().c_str());
        grpc::Slice whole;
        if (!call->reply.DumpToSingleSlice(&whole).ok() || whole.size() != kPayload ||
            memcmp(whole.begin(), payload.data(), kPayload) != 0)
            Fail("another message came back");
        double time = Now();
        if (time >= warm && warm_cpu == 0) warm_cpu = Cpu();
        if (call->began >= warm) latencies.push_back((time - call->began) * 1e6);
        if (time < end) {
            start();
        } else {
            waiting--;
        }
    }
    double took = Now() - warm, used = Cpu() - warm_cpu;
    std::sort(latencies.begin(), latencies.end());
    size_t count = latencies.size();
    printf("{\"calls\": %zu, \"seconds\": %f, \"cpu_seconds\": %f, \"p50_us\": %f, \"p99_us\": %f}\n", count, took, used,
           count ? latencies[count / 2] : 0, count ? latencies[count * 99 / 100] : 0);
}

int main(int count, char **arguments) {
    if (count == 2 && strcmp(arguments[1], "serve") == 0) {
        Serve();
    } else if (count == 6 && strcmp(arguments[1], "load") == 0 && atoi(arguments[3]) > 0) {
        Load(arguments[2], atoi(arguments[3]), atof(arguments[4]));
    } else {
        fprintf(stderr, "usage: grpc-cpp-echo serve | grpc-cpp-echo load PORT IN_FLIGHT SECONDS CONNECTIONS\n");
        return 2;
    }
    return 0;
}
