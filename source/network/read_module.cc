// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/read_module.h"

#include <torch/csrc/jit/serialization/import.h>
#include <torch/version.h>

#include <sstream>

#include "base/npy.h"
#include "base/text.h"
#include "base/zip_archive.h"
#include "network/checkpoint.h"
#include "network/exported_module.h"
#include "network/layout_module.h"
#include "network/operators.h"
#include "network/torch_support.h"

namespace lsr
{
  namespace
  {
    /// Whether some path inside is @p path below the one top folder that
    /// archives of PyTorch have.
    bool
    has_file(const ZipArchive &archive, const std::string &path)
    {
      for (const std::string &p : archive.paths())
        if (p == path || ends_with(p, "/" + path))
          return true;
      return false;
    }



    torch::jit::Module
    read_torchscript(const std::string &bytes, const std::string &name)
    {
      register_operators();
      try
        {
          return guarded(name +
                           ": not a TorchScript model (as torch.jit.save or "
                           "Network::save() writes it)",
                         [&]() {
                           std::istringstream stream(bytes);
                           return torch::jit::load(stream,
                                                   at::Device(at::kCPU));
                         });
        }
      catch (const Error &error)
        {
          const std::string text  = error.what();
          const std::string mark  = "Unknown builtin op: ";
          const std::size_t found = text.find(mark);
          if (found == std::string::npos)
            throw;
          std::string lacking = text.substr(found + mark.size());
          if (!lacking.empty() && lacking.back() == '.')
            lacking.pop_back();
          throw Error(
            name + ": LibTorch " TORCH_VERSION " does not have the operator " +
            lacking +
            ", which this TorchScript file uses: a newer LibTorch is "
            "needed, or a forward() without it");
        }
    }



    /// A file that says itself how its network works.
    torch::jit::Module
    read_program(const ZipArchive  &archive,
                 const std::string &bytes,
                 const std::string &name)
    {
      if (!is_exported_program(archive))
        {
          // LibTorch does not compare checksums.
          for (const std::string &path : archive.paths())
            archive.read(path);
          return read_torchscript(bytes, name);
        }
      const ExportedProgram program = read_exported_program(archive, name);
      return guarded(name, [&]() { return make_module(program); });
    }



    /// The network that @p layout makes of a checkpoint.
    torch::jit::Module
    use_layout(const Checkpoint                 &checkpoint,
               const std::string                &name,
               const NetworkLayout              &layout,
               const unsigned int                n_inputs,
               const std::optional<unsigned int> n_outputs)
    {
      if (layout.empty() || checkpoint.tensors.empty())
        throw Error(name + ": " + suggest_layout(checkpoint));
      try
        {
          return make_module(checkpoint, layout, n_inputs, n_outputs);
        }
      catch (const Error &error)
        {
          throw Error(name + ": " + error.what());
        }
    }



    /// ONNX is a protocol buffer: the version (field 1, a small number), then
    /// the producer (field 2, a text) or the graph (field 7).
    bool
    is_onnx(const std::string &bytes)
    {
      return bytes.size() > 4 && bytes[0] == '\x08' && bytes[1] > 0 &&
             bytes[1] < 32 && (bytes[2] == '\x12' || bytes[2] == '\x3a');
    }



    /// The message for a file that is no archive.
    std::string
    describe_foreign_file(const std::string &bytes)
    {
      if (begins_with(bytes, "version https://git-lfs"))
        return "a Git LFS pointer, not the file itself: run \"git lfs pull\"";
      const std::size_t text = bytes.find_first_not_of(" \t\r\n");
      if (text != std::string::npos && bytes[text] == '<')
        return "an HTML or XML page, not a model: the download went wrong";
      if (is_onnx(bytes))
        return "an ONNX model, which has no derivatives with respect to its "
               "parameters: export the PyTorch module that it was made from";
      if (begins_with(bytes, "\x89HDF\r\n"))
        return "an HDF5 file, expected a model";
      if (bytes.size() > 2 && bytes[0] == '\x80' && bytes[1] <= 5)
        return "a Python pickle: save its arrays by numpy.savez, or as "
               "safetensors, and give a layout";
      return "not a TorchScript model, nor any other that is known";
    }
  } // namespace



  torch::jit::Module
  read_module(const std::string                &bytes,
              const std::string                &name,
              const NetworkLayout              &layout,
              const unsigned int                n_inputs,
              const std::optional<unsigned int> n_outputs)
  {
    if (!ZipArchive::recognizes(bytes))
      {
        if (const auto checkpoint = read_checkpoint(bytes, name))
          return use_layout(*checkpoint, name, layout, n_inputs, n_outputs);
        throw Error(name + ": " + describe_foreign_file(bytes));
      }
    const ZipArchive archive(bytes, name);
    const bool       is_program =
      !is_npz(archive) &&
      (has_file(archive, "constants.pkl") || is_exported_program(archive));
    if (!is_program)
      {
        if (const auto checkpoint = read_checkpoint(archive, name))
          return use_layout(*checkpoint, name, layout, n_inputs, n_outputs);
        throw Error(name + ": not a TorchScript model but another zip archive");
      }
    require(layout.empty(),
            name + ": a file that says itself how its network works, expected "
                   "no layout (Network/Layout, --layout)");
    return read_program(archive, bytes, name);
  }
} // namespace lsr
