// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_exported_program_h
#define lsr_network_exported_program_h

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/zip_archive.h"

namespace lsr
{
  /**
   * What a file of torch.export (.pt2) holds: a graph of operators whose
   * weights are inputs, and the weights. Nothing here is run.
   *
   * The archives that torch.export.save() has written since PyTorch 2.1 are
   * read: schema versions 1, 2, 5, 7 and 8, weights as one raw file each or as
   * one pickled dictionary. Everything that is not known is an error.
   */
  struct ExportedProgram
  {
    struct Graph;

    /// An argument of an operator.
    struct Argument
    {
      enum class Kind
      {
        none,
        boolean,
        integer,
        real,
        complex, // real and imaginary
        text,
        value, // text: name of an input or of an output of a node
        list,
        scalar_type, // integer, as in ScalarType below
        memory_format,
        layout,
        device, // text
        graph
      };

      Kind                   kind      = Kind::none;
      std::int64_t           integer   = 0;
      double                 real      = 0;
      double                 imaginary = 0;
      std::string            text;
      std::vector<Argument>  list;
      std::shared_ptr<Graph> graph;
    };

    struct Node
    {
      /// Such as "torch.ops.aten.linear.default" or "_operator.mul".
      std::string target;

      /// In the order of the file, with the names of the operator's schema.
      std::vector<std::pair<std::string, Argument>> inputs;

      std::vector<Argument> outputs;

      /// For messages.
      std::string name;
    };

    /// Numbers of the file's format, which are those of LibTorch plus one.
    enum class ScalarType : std::int64_t
    {
      uint8           = 1,
      int8            = 2,
      int16           = 3,
      int32           = 4,
      int64           = 5,
      float16         = 6,
      float32         = 7,
      float64         = 8,
      complex_float16 = 9,
      complex_float32 = 10,
      complex_float64 = 11,
      boolean         = 12,
      brain_float16   = 13,
      largest_known   = 13
    };

    /// A size that is fixed, or else depends on the inputs; @p value is then
    /// that of the example inputs, if the file tells.
    struct Size
    {
      bool                        fixed = true;
      std::optional<std::int64_t> value;
    };

    struct TensorType
    {
      ScalarType        scalar_type = ScalarType::float32;
      std::vector<Size> sizes;
      bool              requires_grad = false;
    };

    struct Graph
    {
      std::vector<Argument>             inputs;
      std::vector<Argument>             outputs;
      std::vector<Node>                 nodes;
      std::map<std::string, TensorType> types;
    };

    /// A parameter, buffer or constant in a file of raw numbers.
    struct Tensor
    {
      std::string               name;
      bool                      is_parameter = false;
      ScalarType                scalar_type  = ScalarType::float32;
      std::vector<std::int64_t> sizes, strides;
      std::int64_t              storage_offset = 0;

      /// Place in @p storages. All entries that sizes, strides and offset
      /// reach are inside.
      std::size_t storage = 0;
    };

    /// What an input of the graph is.
    struct Input
    {
      enum class Kind
      {
        user,
        parameter,
        buffer, // or a constant
        fixed   // its value is in the graph where it is used
      };

      Kind kind = Kind::user;

      /// Its name in the graph.
      std::string name;

      /// For parameters and buffers: the name among the weights.
      std::string tensor;
    };

    Graph              graph;
    std::vector<Input> inputs;

    /// Names in the graph of the values that the user gets.
    std::vector<std::string> outputs;

    /// In the order of the module's state_dict(), then the constants. Either
    /// there are these, or
    std::vector<Tensor>      tensors;
    std::vector<std::string> storages;

    /// files of torch.save with dictionaries of tensors, with their paths.
    std::vector<std::pair<std::string, std::string>> pickles;

    /// Name for messages: "Float" for a number of the format.
    static std::string
    name_of(const ScalarType type);

    /// Bytes of a number.
    static std::size_t
    size_of(const ScalarType type);

    static bool
    is_floating(const ScalarType type);
  };

  /// Whether an archive is one of torch.export, or something that its packages
  /// hold beside it.
  bool
  is_exported_program(const ZipArchive &archive);

  /// Read the program; throws lsr::Error with @p name in front.
  ExportedProgram
  read_exported_program(const ZipArchive &archive, const std::string &name);
} // namespace lsr

#endif
