// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Network: reading and writing files.

#include <lsr/base/atomic_file.h>
#include <lsr/network/network.h>
#include <lsr/network/network_layout.h>

#include <sstream>

#include "base/read_file.h"
#include "base/sha256.h"
#include "base/zip_archive.h"
#include "network/implementation.h"
#include "network/read_module.h"

namespace lsr
{
  namespace
  {
    std::string
    read_model_file(const std::string &path)
    {
      std::string bytes = read_file(path, "a network");
      require(!bytes.empty(), path + ": empty file, expected a network");
      return bytes;
    }



    /// The SHA-256 of a file, which has to be @p expected if that is given.
    std::string
    checked_sha256(const std::string &bytes,
                   const std::string &name,
                   const std::string &expected)
    {
      std::string found = sha256(bytes);
      require(expected.empty() || expected == found,
              name + ": its SHA-256 is " + found + ", expected " + expected +
                ": the file is another one, or has changed");
      return found;
    }
  } // namespace



  Network
  Network::load_bytes(const std::string                &bytes,
                      const std::string                &name,
                      const unsigned int                n_inputs,
                      const std::optional<unsigned int> n_outputs,
                      const LoadOptions                &options)
  {
    const std::string found = checked_sha256(bytes, name, options.checksum);
    const std::optional<RefinedFile> refined = RefinedFile::read(bytes, name);
    require(!refined || refined->n_inputs == 0 || refined->n_inputs == n_inputs,
            name + ": a refined network with " +
              std::to_string(refined ? refined->n_inputs : 0) +
              " inputs, expected " + std::to_string(n_inputs));
    const auto file =
      std::make_shared<const std::string>(refined ? refined->network : bytes);
    torch::jit::Module module = read_module(*file, name);
    const auto        &inputs = options.inputs;
    return guarded(name, [&]() {
      if (refined)
        refined->check(options.scaling, inputs.names, inputs.sample_sizes);
      auto implementation = std::make_unique<Implementation>(
        std::move(module),
        name,
        n_inputs,
        refined ? refined->scaling : options.scaling,
        refined && !refined->input_names.empty() ? refined->input_names :
                                                   inputs.names,
        refined ? refined->sample_sizes : inputs.sample_sizes);
      implementation->probe(n_outputs, inputs.points);
      implementation->file     = file;
      implementation->checksum = found;
      if (refined)
        implementation->restore(*refined);
      return Network(std::move(implementation));
    });
  }



  Network
  Network::load(const std::string                &path,
                const unsigned int                n_inputs,
                const std::optional<unsigned int> n_outputs,
                const LoadOptions                &options)
  {
    return load_bytes(
      read_model_file(path), path, n_inputs, n_outputs, options);
  }



  Network
  NetworkLayout::load_bytes(const std::string                &bytes,
                            const std::string                &name,
                            const unsigned int                n_inputs,
                            const std::optional<unsigned int> n_outputs,
                            const Network::LoadOptions       &options) const
  {
    if (empty())
      return Network::load_bytes(bytes, name, n_inputs, n_outputs, options);
    const std::string found = checked_sha256(bytes, name, options.checksum);
    const torch::jit::Module module =
      read_module(bytes, name, *this, n_inputs, n_outputs);
    const std::string script  = guarded(name, [&]() {
      std::ostringstream stream;
      module.save(stream);
      return stream.str();
    });
    const Network     network = Network::load_bytes(
      script, name, n_inputs, n_outputs, {options.scaling, options.inputs, ""});
    network.implementation->checksum = found;
    return network;
  }



  Network
  NetworkLayout::load(const std::string                &path,
                      const unsigned int                n_inputs,
                      const std::optional<unsigned int> n_outputs,
                      const Network::LoadOptions       &options) const
  {
    return load_bytes(
      read_model_file(path), path, n_inputs, n_outputs, options);
  }



  std::string
  Network::to_bytes(const Column                             &correction,
                    const std::map<std::string, std::string> &extra_files) const
  {
    return guarded(implementation->name, [&]() {
      const auto corrections = implementation->corrections(correction);
      if (!corrections.empty() || !extra_files.empty())
        {
          RefinedFile refined = implementation->to_file(corrections);
          refined.extra_files = extra_files;
          return refined.to_bytes();
        }
      std::ostringstream stream;
      torch::jit::Module module = implementation->module;
      if (!blocks_on_host)
        {
          // To be read where there is no GPU.
          module = module.deepcopy();
          module.to(at::Device(at::kCPU));
        }
      module.save(stream);
      return stream.str();
    });
  }



  void
  Network::save(const std::string                        &path,
                const Column                             &correction,
                const std::map<std::string, std::string> &extra_files) const
  {
    // Into memory first: LibTorch's writer ends the program if a disk is full.
    const std::string bytes = to_bytes(correction, extra_files);
    write_atomically(path, [&](std::ostream &stream) { stream << bytes; });
  }



  std::string
  Network::load_extra_file(const std::string &path, const std::string &name)
  {
    const std::string bytes = read_model_file(path);
    return ZipArchive::recognizes(bytes) ?
             read_extra_file(ZipArchive(bytes, path), name) :
             "";
  }
} // namespace lsr
