// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_strong_residual_h
#define lsr_fe_strong_residual_h

#include <lsr/base/types.h>
#include <lsr/dense/sparse_matrix.h>
#include <lsr/fe/collocation_points.h>
#include <lsr/fe/strong_form.h>
#include <lsr/refine/residual.h>
#include <lsr/refine/sampling.h>

#include <cstddef>
#include <vector>

namespace lsr
{
  /**
   * The residual of the paper (S2.4, Example 4): the strong form of an equation
   * at $n$ inner points and $w\,(u - g)$ at $n_b$ points with Dirichlet values
   * $g$, with the rows of both scaled such that
   * @f[
   *   \|f\|^2 = (n + n_b) \left( \operatorname{mean} f(x_i, j_i)^2
   *           + \operatorname{mean} \left(w\,(u_i - g_i)\right)^2 \right).
   * @f]
   * Where the domain is periodic, there are further rows for the differences
   * of $u$ at points that are one, and, where there is diffusion across, of the
   * derivatives in this direction; they have the same weight, and each kind
   * adds its mean.
   *
   * Values $q$ are jets at the inner points, $d + 2$ numbers for each (see
   * StrongForm), and then $u$, and the derivatives that are compared, at the
   * boundary points; sampling() finds them among the outputs of a network of
   * jets:
   *
   * @code
   * const Network jets = layout.build_jets(form.diffusion());
   * StrongResidual<dim> residual(form, inner, boundary, values, 100.);
   * refine(basis, residual.sampling(), residual);
   * @endcode
   *
   * The Jacobian is block diagonal, with $d + 2$ columns for each inner row. In
   * pseudo-time $u$ evolves at the inner points, so that for them
   * $(M q)_i = \sqrt{(n + n_b)/n}\, u_i$, and boundary points have no mass.
   *
   * Other points make another residual, which can be assigned to
   * this one. For one process.
   */
  template <int dim>
  class StrongResidual : public Residual
  {
  public:
    /**
     * @param form has to live as long as this object
     * @param inner_points dim $\times n$
     * @param boundary_points dim $\times n_b$
     * @param boundary_values $g$
     * @param boundary_weight $w$
     * @param periodic points that are one
     */
    StrongResidual(const StrongForm<dim>            &form,
                   const Block                      &inner_points,
                   const Block                      &boundary_points,
                   const Column                     &boundary_values,
                   const double                      boundary_weight,
                   const std::vector<PeriodicPairs> &periodic = {});

    /// Which outputs of a network of jets make up $q$, and where.
    const Sampling &
    sampling() const
    {
      return jets;
    }

    void
    apply_mass(const Block &X, const Block &MX) override;

    void
    apply_transposed_mass(const Block &X, const Block &MTX) override;

    void
    require_mass() const override
    {}

    void
    evaluate(const Column &q, const Column &f) override;

    void
    linearize(const Column &q) override;

    void
    apply_jacobian(const Block &X, const Block &AX) override;

    void
    apply_transposed_jacobian(const Block &X, const Block &ATX) override;

  private:
    static constexpr unsigned int jet_size = StrongForm<dim>::jet_size;

    /// A row scale * (q_entry - value), or scale * (q_entry - q_other) with
    /// other > 0.
    struct BoundaryRow
    {
      std::size_t entry, other;
      double      value, scale;
    };

    /// Collects points, values and rows for the constructor.
    struct Layout;

    StrongResidual(const StrongForm<dim> &form,
                   const Block           &inner_points,
                   const Layout          &layout);

    /// The strong form at inner point @p i, scaled, with its derivatives.
    double
    inner_row(const std::size_t                i,
              const double                    *jet,
              const dealii::ArrayView<double> &slopes) const;

    const StrongForm<dim>   *form;
    Sampling                 jets;
    HostBlock                inner_points;
    std::vector<BoundaryRow> boundary;
    double                   inner_scale;
    SparseMatrix             mass, jacobian;
  };
} // namespace lsr

#endif
