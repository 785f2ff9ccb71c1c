// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_exported_weights_h
#define lsr_network_exported_weights_h

#include <ATen/ATen.h>
#include <torch/csrc/jit/api/module.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "network/exported_program.h"

namespace lsr
{
  /// LibTorch's name for a type of numbers.
  at::ScalarType
  to_torch(const ExportedProgram::ScalarType type);

  /**
   * Parameters, buffers and constants of an exported program as tensors.
   */
  class ExportedWeights
  {
  public:
    /// Throws lsr::Error where weights are missing or cannot be read.
    explicit ExportedWeights(const ExportedProgram &program);

    /// A module with these members and without functions.
    torch::jit::Module
    make_module() const;

    /// The name that the module has for one of the program.
    static std::string
    name_in_module(const std::string &name);

  private:
    void
    read_raw(const ExportedProgram &program);

    void
    read_pickle(const std::string &path, const std::string &bytes);

    std::vector<std::pair<std::string, at::Tensor>> entries;
    std::set<std::string>                           parameters;
    std::set<std::string>                           fixed_parameters;
  };
} // namespace lsr

#endif
