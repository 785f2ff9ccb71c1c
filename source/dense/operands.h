// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_dense_operands_h
#define lsr_dense_operands_h

#include <lsr/base/exceptions.h>
#include <lsr/base/types.h>

#include <KokkosBlas1_scal.hpp>

#include <string>

namespace lsr
{
  namespace internal
  {
    /// "rows x columns", for messages.
    inline std::string
    extents(const std::size_t n_rows, const std::size_t n_columns)
    {
      return std::to_string(n_rows) + " x " + std::to_string(n_columns);
    }

    /// @copydoc extents(std::size_t, std::size_t)
    inline std::string
    extents(const Block &A)
    {
      return extents(A.extent(0), A.extent(1));
    }

    /// Whether 'T', and not 'N', was found where one of them has to be.
    inline bool
    is_transposed(const char transpose)
    {
      require(transpose == 'N' || transpose == 'T',
              std::string("multiply: found '") + transpose +
                "' where 'N' or 'T' is expected.");
      return transpose == 'T';
    }

    /// The result of a product with an inner extent of zero, where
    /// KokkosKernels 3.4 leaves the result untouched, even for beta = 0.
    template <typename View>
    void
    scale(const double beta, const View &C)
    {
      if (beta == 0)
        Kokkos::deep_copy(C, 0.);
      else
        KokkosBlas::scal(C, beta, C);
    }
  } // namespace internal
} // namespace lsr

#endif
