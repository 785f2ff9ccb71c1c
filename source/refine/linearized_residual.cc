// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/base/types.h>
#include <lsr/dense/blas.h>
#include <lsr/refine/linear_case.h>

#include <KokkosBlas1_axpby.hpp>
#include <KokkosBlas1_mult.hpp>
#include <KokkosBlas1_scal.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <sstream>

#include "base/to_view.h"
#include "dense/by_rows.h"

namespace lsr
{
  using internal::set_rows_to_zero;
  using internal::to_view;

  namespace
  {
    const Linearization &
    checked(const Linearization &linearization)
    {
      linearization.check("LinearizedResidual");
      return linearization;
    }



    void
    check_numbers(const std::vector<double> &numbers, const std::string &name)
    {
      require(std::all_of(numbers.begin(),
                          numbers.end(),
                          [](const double x) { return std::isfinite(x); }),
              name + ": finite numbers expected, found one that is not");
    }



    void
    check_size(const std::size_t  found,
               const std::size_t  expected,
               const std::string &name)
    {
      require(found == expected,
              name + ": " + std::to_string(expected) + " expected, found " +
                std::to_string(found));
    }
  } // namespace



  void
  Linearization::check(const std::string &name) const
  {
    check_numbers(values, name + ", values");
    check_numbers(residual, name + ", residual");
    check_size(jacobian.n_rows(), residual.size(), name + ", jacobian: rows");
    check_size(jacobian.n_columns, values.size(), name + ", jacobian: columns");
    jacobian.check(name + ", jacobian");
    require(norm == Norm::euclidean || values.size() == residual.size(),
            name + ": a square Jacobian expected for the energy norm, found " +
              std::to_string(residual.size()) + " rows and " +
              std::to_string(values.size()) + " columns");

    std::vector<bool> is_constrained(values.size(), false);
    for (const std::size_t i : constrained)
      {
        require(i < values.size() && !is_constrained[i],
                name + ", constraints: value " + std::to_string(i) +
                  (i < values.size() ? " is constrained twice" :
                                       " is constrained, but there are only " +
                                         std::to_string(values.size())));
        is_constrained[i] = true;
      }
    check_size(constraints.n_rows(),
               constrained.size(),
               name + ", constraints: rows");
    check_size(constraints.n_columns,
               values.size(),
               name + ", constraints: columns");
    check_size(inhomogeneities.size(),
               constrained.size(),
               name + ", constraints: inhomogeneities");
    constraints.check(name + ", constraints");
    check_numbers(inhomogeneities, name + ", constraints: inhomogeneities");
    const auto acts_on_constrained = [&](const CompressedRows &rows) {
      return std::any_of(rows.columns.begin(),
                         rows.columns.end(),
                         [&](const std::int64_t j) {
                           return is_constrained[j];
                         });
    };
    require(!acts_on_constrained(jacobian),
            name + ", jacobian: no entries in columns of constrained values "
                   "expected, found some");
    require(!acts_on_constrained(constraints),
            name + ", constraints: combinations of values that are free "
                   "expected, found one that is constrained itself");
  }



  namespace
  {
    /**
     * $K = A$, solved by conjugate gradients. They are written out because
     * neither Kokkos nor KokkosKernels has them: Belos, where Trilinos is, is
     * not part of a core without deal.II, and a dense or sparse factorization
     * of a matrix of the size of the mesh does not fit on a device.
     */
    class EnergyInnerProduct : public InnerProduct
    {
    public:
      /// @p version is that of the Jacobian @p A.
      EnergyInnerProduct(const Linearization &linearization,
                         const SparseMatrix  &A,
                         const std::uint64_t  version)
        : A(A)
        , version(version)
        , constrained(to_view<internal::Indices>(linearization.constrained))
      {
        const CompressedRows &rows = linearization.jacobian;
        std::vector<double>   diagonal(n_rows(), 0.);
        for (std::size_t i = 0; i < n_rows(); ++i)
          for (std::int64_t k = rows.starts[i]; k < rows.starts[i + 1]; ++k)
            if (static_cast<std::size_t>(rows.columns[k]) == i)
              diagonal[i] += rows.values[k];
        for (const std::size_t i : linearization.constrained)
          {
            require(
              rows.starts[i] == rows.starts[i + 1] &&
                linearization.residual[i] == 0.,
              "LinearizedResidual: in the energy norm rows of constrained "
              "values have no entries and no residual; found row " +
                std::to_string(i));
            diagonal[i] = std::numeric_limits<double>::infinity();
          }
        for (std::size_t i = 0; i < n_rows(); ++i)
          {
            require(
              diagonal[i] > 0.,
              "LinearizedResidual: the energy norm needs a positive definite "
              "Jacobian, found " +
                std::to_string(diagonal[i]) + " on the diagonal of row " +
                std::to_string(i));
            diagonal[i] = 1. / diagonal[i];
          }
        inverse_diagonal = to_view<Column>(diagonal);
        check_symmetry();
      }

      bool
      diagonal() const override
      {
        return false;
      }

      bool
      gram_is_jacobian_of(const Residual &residual) const override
      {
        return residual.jacobian_version() == version;
      }

      Block
      solve(const Block &F) override
      {
        const Block X = make_block(F.extent(0), F.extent(1));
        for (std::size_t j = 0; j < F.extent(1); ++j)
          solve(Kokkos::subview(F, Kokkos::ALL(), j),
                Kokkos::subview(X, Kokkos::ALL(), j));
        return X;
      }

    private:
      std::size_t
      n_rows() const
      {
        return A.n_rows();
      }

      /// Throw unless $x^T A y = y^T A x$ for some vectors.
      void
      check_symmetry() const
      {
        // No smooth functions of the index: differences are not to cancel.
        std::vector<double> x(n_rows()), y(n_rows());
        for (std::size_t i = 0; i < n_rows(); ++i)
          {
            x[i] = std::sin(1. + i);
            y[i] = std::cos(3. * i * i);
          }
        const Column X = to_view<Column>(x), Y = to_view<Column>(y),
                     AX = make_column(n_rows()), AY = make_column(n_rows());
        multiply(1., 'N', A, X, 0., AX);
        multiply(1., 'N', A, Y, 0., AY);
        require(
          std::abs(dot(Y, AX) - dot(X, AY)) <=
            1e-12 *
              (lsr::norm(Y) * lsr::norm(AX) + lsr::norm(X) * lsr::norm(AY)),
          "LinearizedResidual: the energy norm needs a symmetric Jacobian, "
          "found one that is not");
      }

      /// $A^{-1} f$ into @p x.
      void
      solve(const Column &f, const Column &x) const
      {
        constexpr double tolerance = 1e-13;
        // In exact arithmetic as many as there are rows are enough.
        const std::size_t max_iterations = n_rows() + 1000;

        const Column r = make_column(n_rows()), z = make_column(n_rows()),
                     p = make_column(n_rows()), Ap = make_column(n_rows());
        Kokkos::deep_copy(x, 0.);
        Kokkos::deep_copy(r, f);
        set_rows_to_zero(constrained, as_block(r));
        const double length = lsr::norm(r);
        require(
          std::isfinite(length),
          "LinearizedResidual: the energy norm of finite numbers expected, "
          "found some that are not");
        if (length == 0)
          return;
        // Of length 1, so that no square is out of range.
        KokkosBlas::scal(r, 1. / length, r);
        double rz = 1;
        for (std::size_t k = 0; k < max_iterations; ++k)
          {
            if (lsr::norm(r) <= tolerance)
              {
                KokkosBlas::scal(x, length, x);
                return;
              }
            KokkosBlas::mult(0., z, 1., inverse_diagonal, r);
            const double previous = rz;
            rz                    = dot(r, z);
            KokkosBlas::axpby(1., z, k == 0 ? 0. : rz / previous, p);
            multiply(1., 'N', A, p, 0., Ap);
            const double pAp = dot(p, Ap);
            require(
              pAp > 0.,
              "LinearizedResidual: the energy norm needs a positive definite "
              "Jacobian, found a direction without energy");
            KokkosBlas::axpy(rz / pAp, p, x);
            KokkosBlas::axpy(-rz / pAp, Ap, r);
          }
        std::ostringstream message;
        message << "LinearizedResidual: a relative residual of " << tolerance
                << " of conjugate gradients expected, found " << lsr::norm(r)
                << " after " << max_iterations
                << " iterations; is the Jacobian positive definite?";
        throw Error(message.str());
      }

      const SparseMatrix      A;
      const std::uint64_t     version;
      const internal::Indices constrained;

      /// Of the Jacobian; zero where values are constrained.
      Column inverse_diagonal;
    };
  } // namespace



  LinearizedResidual::LinearizedResidual(const Linearization &linearization)
    : Residual(checked(linearization).values.size(),
               linearization.residual.size())
    , q0(to_view<Column>(linearization.values))
    , f0(to_view<Column>(linearization.residual))
    , A(linearization.jacobian)
    , constrained(to_view<Indices>(linearization.constrained))
    , constraints(linearization.constraints)
    , inhomogeneities(to_view<Column>(linearization.inhomogeneities))
    , version(new_version())
  {
    if (linearization.norm == Linearization::Norm::energy)
      set_inner_product(
        std::make_shared<EnergyInnerProduct>(linearization, A, version));
  }



  void
  LinearizedResidual::set_zero(const Block &columns) const
  {
    set_rows_to_zero(constrained, columns);
  }



  void
  LinearizedResidual::distribute(const Column &q) const
  {
    const Column determined = make_column(constrained.size());
    Kokkos::deep_copy(determined, inhomogeneities);
    multiply(1., 'N', constraints, q, 1., determined);
    const Indices rows = constrained;
    Kokkos::parallel_for(
      "lsr::distribute",
      Kokkos::RangePolicy<ExecutionSpace>(0, rows.size()),
      KOKKOS_LAMBDA(const std::size_t k) { q(rows(k)) = determined(k); });
    Kokkos::fence();
  }



  void
  LinearizedResidual::evaluate(const Column &q, const Column &f)
  {
    const Column change = make_column(q.size());
    Kokkos::deep_copy(change, q);
    KokkosBlas::axpy(-1., q0, change);
    Kokkos::deep_copy(f, f0);
    multiply(1., 'N', A, change, 1., f);
  }



  void
  LinearizedResidual::apply_jacobian(const Block &X, const Block &AX)
  {
    multiply(1., 'N', A, X, 0., AX);
  }



  void
  LinearizedResidual::apply_transposed_jacobian(const Block &X,
                                                const Block &ATX)
  {
    multiply(1., 'T', A, X, 0., ATX);
  }
} // namespace lsr
