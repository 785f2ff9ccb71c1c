// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Network: its interface and its short functions.

#include <lsr/network/network.h>

#include <ATen/Parallel.h>
#ifdef KOKKOS_ENABLE_CUDA
#  include <c10/cuda/CUDACachingAllocator.h>
#endif
#include <torch/version.h>

#include "network/batches.h"
#include "network/implementation.h"

// Where BLAS is OpenBLAS, its threads are its own.
extern "C" void
openblas_set_num_threads(int) __attribute__((weak));

namespace lsr
{
  Network::Network(std::shared_ptr<Implementation> implementation)
    : implementation(std::move(implementation))
  {}



  Network
  Network::clone() const
  {
    return guarded(implementation->name, [&]() {
      auto copy =
        std::make_unique<Implementation>(implementation->module.deepcopy(),
                                         implementation->name,
                                         implementation->n_inputs,
                                         implementation->scaling,
                                         implementation->input_names,
                                         implementation->sample_sizes);
      copy->probe(implementation->n_outputs, implementation->probe_points);
      copy->file               = implementation->file;
      copy->checksum           = implementation->checksum;
      copy->stored_corrections = implementation->stored_corrections;
      return Network(std::move(copy));
    });
  }



  Network
  Network::refined(const Column &correction) const
  {
    const Network copy = clone();
    guarded(implementation->name, [&]() {
      copy.implementation->store(implementation->corrections(correction));
    });
    return copy;
  }



  Network
  Network::unrefined() const
  {
    const Network copy = clone();
    copy.implementation->stored_corrections.clear();
    return copy;
  }



  bool
  Network::is_refined() const
  {
    return !implementation->stored_corrections.empty();
  }



  const std::string &
  Network::checksum() const
  {
    return implementation->checksum;
  }



  const Network::Scaling &
  Network::scaling() const
  {
    return implementation->scaling;
  }



  unsigned int
  Network::n_inputs() const
  {
    return implementation->n_inputs;
  }



  unsigned int
  Network::n_outputs() const
  {
    return implementation->n_outputs;
  }



  std::size_t
  Network::n_parameters() const
  {
    return implementation->n_parameters;
  }



  bool
  Network::layered() const
  {
    return implementation->layered;
  }



  std::string
  Network::description() const
  {
    return implementation->description;
  }



  Column
  Network::parameters() const
  {
    const SharedStream stream;
    const Column       theta = make_column(n_parameters());
    const auto pieces = split_like(as_tensor(theta), implementation->theta);
    for (std::size_t p = 0; p < pieces.size(); ++p)
      pieces[p].copy_(implementation->theta[p]);
    return theta;
  }



  void
  Network::set_parameters(const Column &theta)
  {
    require(theta.size() == n_parameters(),
            "set_parameters: got " + std::to_string(theta.size()) +
              " parameters, expected " + std::to_string(n_parameters()));
    const SharedStream stream;
    const auto pieces = split_like(as_tensor(theta), implementation->theta);
    for (std::size_t p = 0; p < pieces.size(); ++p)
      implementation->theta[p].copy_(pieces[p]);
  }



  void
  Network::evaluate(const Block  &points,
                    const Column &values,
                    const Column &correction) const
  {
    guarded(implementation->name, [&]() {
      const auto       corrections = implementation->corrections(correction);
      const at::Tensor x           = implementation->as_points(points);
      const at::Tensor q = as_tensor(values).view({x.size(0), n_outputs()});
      for_each_batch(
        x.size(0),
        Implementation::batch_size(implementation->n_numbers),
        [&](const auto first, const auto n) {
          const at::Tensor batch = x.narrow(0, first, n);
          const at::Tensor rows  = q.narrow(0, first, n);
          rows.copy_(implementation->evaluate(implementation->theta, batch));
          if (!corrections.empty())
            rows.add_(implementation->contribution(batch, corrections));
        });
    });
  }



  void
  Network::set_n_threads(const unsigned int n_threads)
  {
    at::set_num_threads(n_threads);
    if (openblas_set_num_threads)
      openblas_set_num_threads(n_threads);
  }



  void
  Network::release_cached_memory()
  {
#ifdef KOKKOS_ENABLE_CUDA
    c10::cuda::CUDACachingAllocator::emptyCache();
#endif
  }



  std::string
  Network::torch_version()
  {
    return TORCH_VERSION;
  }
} // namespace lsr
