// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>
#include <lsr/dense/host.h>
#include <lsr/refine/galerkin_residual.h>

#include <algorithm>
#include <random>

namespace lsr
{
  namespace
  {
    /// A combination of columns that is the same on all ranks.
    Column
    random_combination(const Block &columns)
    {
      std::mt19937_64                  generator(0);
      std::normal_distribution<double> normal;
      const HostColumn coefficients("lsr::coefficients", columns.extent(1));
      for (std::size_t j = 0; j < coefficients.size(); ++j)
        coefficients(j) = normal(generator);
      const Column combination = make_column(columns.extent(0));
      multiply(
        1., 'N', columns, to_memory_space(coefficients), 0., combination);
      return combination;
    }



    bool
    equal(const Column &a, const Column &b)
    {
      const HostColumn x = to_host(a), y = to_host(b);
      return std::equal(x.data(), x.data() + x.size(), y.data());
    }
  } // namespace



  GalerkinResidual::GalerkinResidual(Residual &residual, const Block &columns)
    : Residual(residual.n_values(),
               residual.communicator().rank() == 0 ? columns.extent(1) : 0,
               residual.communicator())
    , Q(columns)
    , probe(random_combination(columns))
  {
    set_residual(residual);
  }



  void
  GalerkinResidual::set_residual(Residual &other)
  {
    const std::size_t n = Q.extent(0);
    require(other.n_values() == n && other.n_rows() == n,
            "Galerkin's method with columns of " + std::to_string(n) +
              " rows for a residual of " + std::to_string(other.n_values()) +
              " values and " + std::to_string(other.n_rows()) +
              " rows: expected as many of each");
    residual = &other;
  }



  unsigned int
  GalerkinResidual::n_reduced_matrices() const
  {
    return count;
  }



  void
  GalerkinResidual::constrain(const Block &columns) const
  {
    residual->constrain(columns);
  }



  void
  GalerkinResidual::conform(const Column &q) const
  {
    residual->conform(q);
  }



  void
  GalerkinResidual::test(const Block &F, const Block &QTF) const
  {
    const Block products = make_block(Q.extent(1), F.extent(1));
    multiply(1., 'T', Q, 'N', F, 0., products);
    communicator().sum(products);
    if (n_rows() > 0)
      Kokkos::deep_copy(QTF, products);
  }



  Block
  GalerkinResidual::full_tangent(const Block &X) const
  {
    const Block AX = make_block(Q.extent(0), X.extent(1));
    residual->apply_tangent(X, AX);
    return AX;
  }



  void
  GalerkinResidual::evaluate(const Column &q, const Column &f)
  {
    const Column all = make_column(Q.extent(0));
    residual->evaluate(q, all);
    test(as_block(all), as_block(f));
  }



  void
  GalerkinResidual::linearize(const Column &q)
  {
    residual->linearize(q);
  }



  bool
  GalerkinResidual::tangent_is_known()
  {
    const Block  image   = full_tangent(as_block(probe));
    const Column present = Kokkos::subview(image, Kokkos::ALL(), 0);
    const bool   changed =
      count == 0 || !equal(present, image_of_probe); // on this rank
    image_of_probe = present;
    return communicator().sum(changed ? 1. : 0.) == 0;
  }



  void
  GalerkinResidual::apply_tangent(const Block &X, const Block &AX)
  {
    const bool all_columns = X.data() == Q.data() && X.extent(1) == Q.extent(1);
    if (!all_columns)
      {
        test(full_tangent(X), AX);
        return;
      }
    if (!tangent_is_known())
      {
        reduced_matrix = make_block(n_rows(), Q.extent(1));
        test(full_tangent(Q), reduced_matrix);
        ++count;
      }
    Kokkos::deep_copy(AX, reduced_matrix);
  }



  void
  GalerkinResidual::apply_transposed_tangent(const Block &X, const Block &ATX)
  {
    const Block everywhere = make_zero_block(Q.extent(1), X.extent(1));
    if (n_rows() > 0)
      Kokkos::deep_copy(everywhere, X);
    communicator().sum(everywhere);
    const Block QX = make_block(Q.extent(0), X.extent(1));
    multiply(1., 'N', Q, 'N', everywhere, 0., QX);
    residual->apply_transposed_tangent(QX, ATX);
  }
} // namespace lsr
