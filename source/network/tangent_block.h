// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_tangent_block_h
#define lsr_network_tangent_block_h

#include <ATen/ATen.h>

#include <cstdint>

// Forward-mode differentiation in many directions at once.

namespace lsr
{
  /**
   * A tensor $x$ with its derivatives in $r$ directions, [r, sizes of x]. It is
   * a tensor like any other for the operators of LibTorch and for the
   * interpreter of TorchScript: they see sizes and type of $x$, and what they
   * return carries derivatives again.
   *
   * Operators that are linear in what carries derivatives are applied to all
   * directions at once, with one more dimension in front; functions of single
   * numbers multiply by their derivative, which is computed once. Operators
   * that consist of others are taken apart. For the rest, LibTorch's own
   * forward mode is called direction by direction.
   */
  at::Tensor
  with_tangents(const at::Tensor &x, const at::Tensor &tangents);

  /// $x$ itself.
  at::Tensor
  value_of(const at::Tensor &x);

  /// The derivatives; zeros for a tensor that depends on no direction.
  at::Tensor
  tangents_of(const at::Tensor &x, const std::int64_t n_directions);



  /// While it lives, `lsr::writable(x)` is a copy of $x$ with zero derivatives
  /// in this many directions: what is written into it may have others.
  /// Otherwise it is a copy.
  class DirectionsInUse
  {
  public:
    explicit DirectionsInUse(const std::int64_t n_directions);
    ~DirectionsInUse();

    DirectionsInUse(const DirectionsInUse &) = delete;
    DirectionsInUse &
    operator=(const DirectionsInUse &) = delete;
  };

  /// The operator `lsr::writable`.
  at::Tensor
  writable(const at::Tensor &x);
} // namespace lsr

#endif
