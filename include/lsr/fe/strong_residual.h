// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_strong_residual_h
#define lsr_fe_strong_residual_h

#include <lsr/base/types.h>
#include <lsr/dense/sparse_matrix.h>
#include <lsr/fe/advection_diffusion_reaction.h>
#include <lsr/fe/discretization.h>
#include <lsr/refine/residual.h>
#include <lsr/refine/sampling.h>

#include <deal.II/base/array_view.h>
#include <deal.II/base/point.h>

#include <cstddef>
#include <optional>
#include <random>
#include <vector>

namespace lsr
{
  /// Points on two boundaries that periodicity makes one.
  struct PeriodicPairs
  {
    /// Points, dim $\times n$, and the points that they are identified with.
    Block lower, upper;

    /// The coordinate in which they differ.
    unsigned int direction = 0;
  };

  /**
   * Points at which the strong form of an equation is demanded: nodes of the
   * mesh or any points in it; and the nodes that have Dirichlet values. For one
   * process.
   */
  template <int dim>
  class CollocationPoints
  {
  public:
    /// @p discretization has to live as long as this object, with its degrees
    /// of freedom as they are.
    explicit CollocationPoints(const Discretization<dim> &discretization);

    /// All nodes, in the order of the degrees of freedom.
    const Block &
    nodes() const
    {
      return all_nodes;
    }

    /// The nodes with Dirichlet values.
    const Block &
    boundary() const
    {
      return boundary_points;
    }

    /// These values.
    const Column &
    boundary_values() const
    {
      return values;
    }

    /// The nodes on the boundaries of a box in each direction in which it is
    /// periodic.
    const std::vector<PeriodicPairs> &
    periodic() const
    {
      return pairs;
    }

    /// @p n random nodes without Dirichlet values, or all if @p n is not given
    /// or there are not as many.
    Block
    sample_nodes(const std::optional<std::size_t> &n,
                 std::mt19937_64                  &generator);

    /// @p n independent random points, uniform in the mesh if its cells are
    /// parallelepipeds, otherwise in the reference cell.
    Block
    sample_mesh(const std::size_t n, std::mt19937_64 &generator) const;

  private:
    Block
    select(const std::vector<std::size_t> &numbers, const std::size_t n) const;

    PeriodicPairs
    find_pairs(const unsigned int direction) const;

    const Discretization<dim> &discretization;
    const Block                all_nodes;
    std::vector<std::size_t>   inner;
    Block                      boundary_points;
    Column                     values;
    std::vector<PeriodicPairs> pairs;
  };



  /**
   * An equation in strong form, as physics-informed networks and the paper
   * (S2.4) use it: the residual
   * @f[
   *   f(x, j) = s(x, u, \nabla u) - \sum_{d} a_d\, \partial_d^2 u
   * @f]
   * of the jet $j = (u, \partial_1 u, \dots, \partial_{dim} u, \sum_d a_d\,
   * \partial_d^2 u)$ at a point, with constants $a_d$ and the source $s$ of
   * the weak form (see WeakForm). Where there is no equation there are
   * Dirichlet values, or the domain is periodic.
   */
  template <int dim>
  class StrongForm
  {
  public:
    /// Length of a jet.
    static constexpr unsigned int jet_size = dim + 2;

    /**
     * @p equation has to live as long as this object. Throws if its diffusion
     * is not constant, or if a part of the boundary of the mesh through which
     * there is diffusion lacks a Dirichlet condition.
     */
    StrongForm(const AdvectionDiffusionReaction<dim> &equation,
               const Discretization<dim>             &discretization);

    /// $a_d$
    const std::vector<double> &
    diffusion() const
    {
      return a;
    }

    /// Return $f$, and compute its derivatives with respect to the jet.
    double
    evaluate(const dealii::Point<dim>              &x,
             const dealii::ArrayView<const double> &jet,
             const dealii::ArrayView<double>       &slopes) const;

  private:
    void
    check_boundary_conditions(const Discretization<dim> &discretization) const;

    const AdvectionDiffusionReaction<dim> &equation;
    const std::vector<double>              a;
  };



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
