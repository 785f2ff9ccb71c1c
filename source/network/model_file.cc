// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Network: reading and writing files.

#include <lsr/base/atomic_file.h>
#include <lsr/network/network.h>
#include <lsr/network/network_layout.h>

#include <torch/csrc/jit/serialization/import.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "network/implementation.h"
#include "network/read_module.h"

namespace lsr
{
  namespace
  {
    std::string
    read_model_file(const std::string &path)
    {
      namespace fs = std::filesystem;
      require(fs::exists(path), path + ": no such file, expected a network");
      require(fs::is_regular_file(path),
              path + ": not a regular file, expected a network");
      require(fs::file_size(path) > 0,
              path + ": empty file, expected a network");
      std::ifstream      stream(path, std::ios::binary);
      std::ostringstream bytes;
      bytes << stream.rdbuf();
      require(stream.good(), path + ": cannot be read");
      return bytes.str();
    }
  } // namespace



  Network
  Network::load_bytes(const std::string &bytes,
                      const std::string &name,
                      const unsigned int n_inputs,
                      const unsigned int n_outputs,
                      const Scaling     &scaling,
                      const Inputs      &inputs)
  {
    torch::jit::Module module = read_module(bytes, name);
    return guarded(name, [&]() {
      auto implementation = std::make_unique<Implementation>(
        std::move(module), name, n_inputs, scaling, inputs.names);
      implementation->probe(n_outputs, inputs.points);
      return Network(std::move(implementation));
    });
  }



  Network
  Network::load(const std::string &path,
                const unsigned int n_inputs,
                const unsigned int n_outputs,
                const Scaling     &scaling,
                const Inputs      &inputs)
  {
    return load_bytes(
      read_model_file(path), path, n_inputs, n_outputs, scaling, inputs);
  }



  Network
  NetworkLayout::load_bytes(const std::string      &bytes,
                            const std::string      &name,
                            const unsigned int      n_inputs,
                            const unsigned int      n_outputs,
                            const Network::Scaling &scaling,
                            const Network::Inputs  &inputs) const
  {
    if (empty())
      return Network::load_bytes(
        bytes, name, n_inputs, n_outputs, scaling, inputs);
    const torch::jit::Module module =
      read_module(bytes, name, *this, n_inputs, n_outputs);
    const std::string script = guarded(name, [&]() {
      std::ostringstream stream;
      module.save(stream);
      return stream.str();
    });
    return Network::load_bytes(
      script, name, n_inputs, n_outputs, scaling, inputs);
  }



  Network
  NetworkLayout::load(const std::string      &path,
                      const unsigned int      n_inputs,
                      const unsigned int      n_outputs,
                      const Network::Scaling &scaling,
                      const Network::Inputs  &inputs) const
  {
    return load_bytes(
      read_model_file(path), path, n_inputs, n_outputs, scaling, inputs);
  }



  void
  Network::save(const std::string                        &path,
                const std::map<std::string, std::string> &extra_files) const
  {
    // Into memory first: LibTorch's writer ends the program if a disk is full.
    const std::string bytes = guarded(path, [&]() {
      std::ostringstream stream;
      torch::jit::Module module = implementation->module;
      if (!blocks_on_host)
        {
          // To be read where there is no GPU.
          module = module.deepcopy();
          module.to(at::Device(at::kCPU));
        }
      module.save(stream,
                  torch::jit::ExtraFilesMap(extra_files.begin(),
                                            extra_files.end()));
      return stream.str();
    });
    write_atomically(path, [&](std::ostream &stream) { stream << bytes; });
  }



  std::string
  Network::load_extra_file(const std::string &path, const std::string &name)
  {
    torch::jit::ExtraFilesMap extra_files = {{name, ""}};
    std::istringstream        stream(read_model_file(path));
    guarded(path, [&]() {
      torch::jit::load(stream, at::Device(at::kCPU), extra_files);
    });
    return extra_files[name];
  }
} // namespace lsr
