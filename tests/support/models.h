// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_tests_support_models_h
#define lsr_tests_support_models_h

#include <lsr/base/types.h>
#include <lsr/network/network.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace lsr
{
  namespace test
  {
    /// A tensor of a TorchScript module and its sizes.
    struct Parameter
    {
      std::string               name;
      std::vector<std::int64_t> sizes;
    };

    /**
     * The bytes of a TorchScript file: a module with random parameters and the
     * functions in @p source, written in TorchScript. A parameter whose name
     * begins with "buffer" is not trainable.
     */
    std::string
    torchscript(const std::vector<Parameter> &parameters,
                const std::string            &source,
                const bool                    single_precision = false);

    /// Named models that between them use many kinds of layers; two inputs.
    std::vector<std::pair<std::string, Network>>
    model_zoo();

    /// Further models: operator networks, convolutions, normalization layers,
    /// several vectors for a point; with as many inputs as they need.
    std::vector<std::pair<std::string, Network>>
    layer_zoo();

    /// All of them.
    std::vector<std::pair<std::string, Network>>
    all_models();

    /// Points with coordinates uniform in [lower, upper], reproducible.
    Block
    random_points(const unsigned int  dim,
                  const std::size_t   n_points,
                  const double        lower = 0.,
                  const double        upper = 1.,
                  const std::uint64_t seed  = 1);

    /// Independent standard normal numbers.
    Block
    random_block(const std::size_t   n_rows,
                 const std::size_t   n_columns,
                 const std::uint64_t seed = 1);

    /// The same as a vector.
    Column
    random_column(const std::size_t n_rows, const std::uint64_t seed = 1);

    /// Make all entries of a block what @p entry says of their row and column,
    /// on the CPU wherever the block is.
    template <typename Entry>
    void
    set_entries(const Block &block, const Entry &entry)
    {
      const HostBlock host("entries", block.extent(0), block.extent(1));
      for (std::size_t j = 0; j < host.extent(1); ++j)
        for (std::size_t i = 0; i < host.extent(0); ++i)
          host(i, j) = entry(i, j);
      Kokkos::deep_copy(block, to_memory_space(host));
    }

    /// The same for a vector.
    template <typename Entry>
    void
    set_entries(const Column &column, const Entry &entry)
    {
      set_entries(as_block(column),
                  [&](const std::size_t i, const std::size_t) {
                    return entry(i);
                  });
    }

    /// A block with these entries.
    template <typename Entry>
    Block
    make_block_of(const std::size_t n_rows,
                  const std::size_t n_columns,
                  const Entry      &entry)
    {
      const Block block = make_block(n_rows, n_columns);
      set_entries(block, entry);
      return block;
    }

    /// A vector with these entries.
    template <typename Entry>
    Column
    make_column_of(const std::size_t n_rows, const Entry &entry)
    {
      const Column column = make_column(n_rows);
      set_entries(column, entry);
      return column;
    }

    Block
    identity(const std::size_t n);

    /// Change one entry of a vector.
    void
    set_entry(const Column &column, const std::size_t i, const double value);

    /// Add @p alpha x to y.
    void
    add(const double alpha, const Column &x, const Column &y);

    /// A vector of these numbers.
    Column
    to_column(const std::vector<double> &numbers);

    /// The reverse.
    std::vector<double>
    to_vector(const Column &column);

    /// The Euclidean norm of the difference.
    double
    distance(const Column &a, const Column &b);

    /// The largest absolute value of the difference, relative to the largest
    /// absolute value in the second.
    double
    relative_difference(const Block &a, const Block &b);

    double
    relative_difference(const Column &a, const Column &b);
  } // namespace test
} // namespace lsr

#endif
