// SPDX-License-Identifier: BSL-1.0
// runtime.cpp -- in: calls of the CUDA runtime. out: what they do, by the interpreter of PTX.
#include "runtime.hpp"

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "ptx/ptx.hpp"

namespace {

using work = std::vector<std::function<void()>>;

struct state {
  std::map<void const*, std::string> kernels;  // by the function of the host that stands for it
  std::optional<ptx::module> module;
  ptx::device device;
  std::map<std::uintptr_t, std::size_t> memory;
  std::set<void*> streams;
  std::set<work*> graphs;
  work* recording = nullptr;
  struct {
    dim3 grid, block;
    std::size_t shared;
    cudaStream_t stream;
  } next_launch;
  long calls = 0, fail_at = 0;
  cudaError_t with = cudaErrorUnknown, last = cudaSuccess;
};
state& now() {
  static state s;
  return s;
}

/// Does f, or fails.
template <class F> cudaError_t attempt(F&& f) {
  state& s = now();
  if (++s.calls != s.fail_at) {
    f();
    return cudaSuccess;
  }
  return s.last = s.with;
}
/// Does f now, or when the graph that is recorded runs.
void put(std::function<void()> f) {
  if (now().recording) now().recording->push_back(std::move(f));
  else f();
}
[[noreturn]] void wrong(std::string const& what) {
  std::fprintf(stderr, "the runtime of the tests: %s\n", what.c_str());
  std::abort();
}
/// The bytes of the GPU's memory at p.
unsigned char* bytes_at(void const* p, std::size_t size) {
  const auto at = reinterpret_cast<std::uintptr_t>(p);
  auto found = now().memory.upper_bound(at);
  if (found == now().memory.begin()) wrong("no memory of the GPU is there");
  --found;
  if (at + size > found->first + found->second) wrong("beyond memory of the GPU");
  return now().device.view(reinterpret_cast<unsigned char*>(found->first)).data() + (at - found->first);
}
ptx::detail::program const& code_of(void const* function) {
  if (!now().module) wrong("no PTX is loaded");
  return now().module->kernel(now().kernels.at(function));
}

}  // namespace

namespace fake_runtime {
void load(std::string const& file) { now().module = ptx::module::from_file(file); }
void fail_at(long n, cudaError_t with) {
  now().calls = 0;
  now().fail_at = n;
  now().with = with;
}
long calls() { return now().calls; }
long alive() { return long(now().memory.size() + now().streams.size() + now().graphs.size()); }
}  // namespace fake_runtime

extern "C" {

// ---- what nvcc makes of a file and of <<<...>>> ------------------------------------------------------

void** __cudaRegisterFatBinary(void*) {
  static void* handle = nullptr;
  return &handle;
}
void __cudaRegisterFatBinaryEnd(void**) {}
void __cudaUnregisterFatBinary(void**) {}
void __cudaRegisterFunction(void**, char const* function, char*, char const* name, int, uint3*, uint3*, dim3*, dim3*, int*) {
  now().kernels[function] = name;
}
unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, std::size_t shared, cudaStream_t stream) {
  now().next_launch = {grid, block, shared, stream};
  return 0;
}
cudaError_t __cudaPopCallConfiguration(dim3* grid, dim3* block, std::size_t* shared, void* stream) {
  auto const& l = now().next_launch;
  *grid = l.grid, *block = l.block, *shared = l.shared, *static_cast<cudaStream_t*>(stream) = l.stream;
  return cudaSuccess;
}
cudaError_t __cudaGetKernel(cudaKernel_t* kernel, void const* function) {
  *kernel = static_cast<cudaKernel_t>(const_cast<void*>(function));
  return cudaSuccess;
}
cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void** arguments, std::size_t shared, cudaStream_t) {
  return attempt([&] {
    auto const& code = code_of(kernel);
    ptx::packed p;
    p.bytes.resize(code.parameter_bytes);
    for (std::size_t k = 0; k < code.parameters.size(); ++k) {
      std::memcpy(p.bytes.data() + code.parameters[k].offset, arguments[k], code.parameters[k].size);
      p.places.emplace_back(code.parameters[k].offset, code.parameters[k].size);
    }
    const ptx::launch how{
        .grid = {grid.x, grid.y, grid.z}, .block = {block.x, block.y, block.z}, .dynamic_shared = std::uint32_t(shared)};
    put([name = code.name, how, p] { now().device.run(*now().module, name, how, p); });
  });
}

// ---- memory ------------------------------------------------------------------------------------------

cudaError_t cudaMalloc(void** p, std::size_t bytes) {
  return attempt([&] {
    *p = now().device.allocate<unsigned char>(bytes, "memory of the GPU");
    now().memory[reinterpret_cast<std::uintptr_t>(*p)] = bytes;
  });
}
cudaError_t cudaFree(void* p) {
  if (p == nullptr) return cudaSuccess;
  if (!now().memory.erase(reinterpret_cast<std::uintptr_t>(p))) wrong("freed what is no memory of the GPU");
  now().device.free(static_cast<unsigned char*>(p));
  return cudaSuccess;
}
cudaError_t cudaMemcpyAsync(void* to, void const* from, std::size_t n, cudaMemcpyKind kind, cudaStream_t) {
  return attempt([&] {
    if (kind == cudaMemcpyHostToDevice) std::memcpy(bytes_at(to, n), from, n);
    else if (kind == cudaMemcpyDeviceToHost) std::memcpy(to, bytes_at(from, n), n);
    else wrong("a copy of another kind");
  });
}
cudaError_t cudaMemsetAsync(void* to, int value, std::size_t n, cudaStream_t) {
  return attempt([&] { std::memset(bytes_at(to, n), value, n); });
}

// ---- streams and graphs ------------------------------------------------------------------------------

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  return attempt([&] {
    *stream = reinterpret_cast<cudaStream_t>(new int);
    now().streams.insert(*stream);
  });
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  if (!now().streams.erase(stream)) wrong("destroyed what is no stream");
  delete reinterpret_cast<int*>(stream);
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t) {
  return attempt([] {});
}
cudaError_t cudaStreamBeginCapture(cudaStream_t, cudaStreamCaptureMode) {
  return attempt([] { now().recording = new work; });
}
cudaError_t cudaStreamEndCapture(cudaStream_t, cudaGraph_t* graph) {
  work* const recorded = std::exchange(now().recording, nullptr);
  *graph = nullptr;
  const cudaError_t e = attempt([&] {
    now().graphs.insert(recorded);
    *graph = reinterpret_cast<cudaGraph_t>(recorded);
  });
  if (e != cudaSuccess) delete recorded;
  return e;
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* made, cudaGraph_t graph, unsigned long long) {
  return attempt([&] {
    work* const copy = new work(*reinterpret_cast<work*>(graph));
    now().graphs.insert(copy);
    *made = reinterpret_cast<cudaGraphExec_t>(copy);
  });
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  if (!now().graphs.erase(reinterpret_cast<work*>(graph))) wrong("destroyed what is no graph");
  delete reinterpret_cast<work*>(graph);
  return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t graph) { return cudaGraphDestroy(reinterpret_cast<cudaGraph_t>(graph)); }
cudaError_t cudaGraphLaunch(cudaGraphExec_t graph, cudaStream_t) {
  return attempt([&] {
    for (auto const& f : *reinterpret_cast<work*>(graph)) f();
  });
}

cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* a, void const* function) {
  return attempt([&] {
    (void)code_of(function);
    *a = {};
    a->numRegs = 99;  // there are none in PTX
  });
}

// ---- the rest ----------------------------------------------------------------------------------------

cudaError_t cudaGetDeviceCount(int* n) {
  *n = 1;
  return cudaSuccess;
}
cudaError_t cudaGetLastError() { return std::exchange(now().last, cudaSuccess); }
char const* cudaGetErrorString(cudaError_t e) {
  if (e == cudaErrorMemoryAllocation) return "out of memory";
  return e == cudaErrorNoKernelImageForDevice ? "no kernel image is available for execution on the device" : "unknown error";
}

}  // extern "C"
