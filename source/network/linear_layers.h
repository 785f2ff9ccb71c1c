// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_linear_layers_h
#define lsr_network_linear_layers_h

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "network/checkpoint.h"

namespace lsr
{
  /// A linear layer among the tensors of a checkpoint.
  struct LinearLayer
  {
    /// The name that weight and bias share.
    std::string name;

    /// Places of the tensors.
    std::size_t                weight;
    std::optional<std::size_t> bias;

    /// Whether the weight is [inputs, outputs], as in JAX, and not [outputs,
    /// inputs]; nothing if its name does not tell.
    std::optional<bool> is_transposed;

    std::int64_t rows = 0, columns = 0;

    std::int64_t
    n_in() const
    {
      return is_transposed.value_or(false) ? rows : columns;
    }

    std::int64_t
    n_out() const
    {
      return is_transposed.value_or(false) ? columns : rows;
    }
  };

  /**
   * The linear layers that the tensors at @p places make: a matrix, and a
   * vector of the same name but for "weight" (kernel, W) and "bias" (b). Where
   * no name has such a word (arr_0, arr_1), a vector belongs to the matrix
   * before it. Tensors that are no part of any layer are left out.
   */
  std::vector<LinearLayer>
  find_linear_layers(const Checkpoint               &checkpoint,
                     const std::vector<std::size_t> &places);

  /**
   * Decide for all layers whether their weights are transposed: as @p weights
   * says, "out in" or "in out", or for "auto" by their names and, where these
   * do not tell, by the sizes of the biases and @p n_in, the inputs of the
   * first layer. Throws lsr::Error where neither tells.
   */
  void
  orient(std::vector<LinearLayer> &layers,
         const std::string        &weights,
         const Checkpoint         &checkpoint,
         const std::int64_t        n_in);

  /**
   * The layers in the order in which they are applied to @p n_in inputs: that
   * of the file, if it means something (@p is_ordered) and the widths fit; or
   * the only one in which widths fit and numbers in names grow. Throws
   * lsr::Error if there is none, or more than one.
   */
  std::vector<LinearLayer>
  order_layers(const std::vector<LinearLayer> &layers,
               const std::int64_t              n_in,
               const bool                      is_ordered);

  /// The same in the order of @p names. Throws lsr::Error where a name is
  /// unknown or widths do not fit.
  std::vector<LinearLayer>
  order_layers(const std::vector<LinearLayer> &layers,
               const std::int64_t              n_in,
               const std::vector<std::string> &names);

  /// Whether a name comes before another: by numbers as such, and otherwise by
  /// letters.
  bool
  natural_order(const std::string &a, const std::string &b);
} // namespace lsr

#endif
