// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_tangent_basis_h
#define lsr_refine_tangent_basis_h

#include <lsr/base/communicator.h>
#include <lsr/base/timer.h>
#include <lsr/network/network.h>
#include <lsr/refine/residual.h>
#include <lsr/refine/sampling.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lsr
{
  struct TangentBasisParameters;



  /**
   * Directions $V$ ($m \times r$) in the parameter space of a network, in which
   * a correction $\Delta\theta = V y$ is sought.
   *
   * A basis is the same on all ranks. It keeps the network it was made for,
   * whose parameters must not change while the basis is in use.
   */
  class TangentBasis
  {
  public:
    virtual ~TangentBasis() = default;

    /// The network whose parameters the directions change.
    const Network &
    network() const;

    /// The name by which a parameter file calls it.
    virtual std::string
    name() const = 0;

    /// Number $r$ of directions.
    virtual std::size_t
    n_directions() const = 0;

    /// Whether directions come in order of importance, so that the leading $k$
    /// are the basis of rank $k$.
    virtual bool
    sorted() const = 0;

    /// Compute $J V$ at some points, $n \times r$.
    virtual void
    apply(const Block &points, const Block &JV) const = 0;

    /// The correction $\Delta\theta = V y$.
    virtual Column
    expand(const Column &y) const = 0;

    /// $V^T g$: the derivatives in the directions, given the @p gradient.
    virtual Column
    contract(const Column &gradient) const = 0;

    /// How long it took to make the basis.
    const Timer &
    timer() const;

  protected:
    explicit TangentBasis(const Network &network, const Timer &timer = {});

  private:
    const Network basis_network;
    Timer         basis_timer;

    friend std::unique_ptr<TangentBasis>
    make_tangent_basis(const Network                &network,
                       const TangentBasisParameters &parameters,
                       const Block                  &points,
                       const Communicator           &communicator);
  };



  /**
   * Directions with one rank-one block for every weight matrix, never stored as
   * vectors of length $m$: $(J V)_{\cdot k} = \sum_l (\delta_l u_l^k) \circ
   * (a_l v_l^k)$ costs two thin matrix products a layer, and $\Delta \theta_l =
   * U_l \operatorname{diag}(y) V_l^T$.
   */
  class RankOneBasis : public TangentBasis
  {
  public:
    /// Takes over the directions; throws lsr::Error if there are none, or more
    /// than parameters.
    RankOneBasis(const Network     &network,
                 RankOneDirections  directions,
                 const std::string &name);

    std::string
    name() const override;

    std::size_t
    n_directions() const override;

    bool
    sorted() const override;

    void
    apply(const Block &points, const Block &JV) const override;

    Column
    expand(const Column &y) const override;

    Column
    contract(const Column &gradient) const override;

  private:
    const RankOneDirections directions;
    const std::string       basis_name;
  };



  /**
   * `structured`: random rank-one directions.
   *
   * On smooth problems some 15 % more columns give what the leading singular
   * vectors give, for a hundredth of the time.
   */
  class StructuredBasis : public RankOneBasis
  {
  public:
    /// Throws lsr::Error if there are more directions than parameters.
    StructuredBasis(const Network      &network,
                    const std::size_t   n_directions,
                    const std::uint64_t seed);
  };



  /// Directions stored as the columns of an $m \times r$ block.
  class ExplicitBasis : public TangentBasis
  {
  public:
    /// Throws lsr::Error if @p V does not have as many rows as the network has
    /// parameters.
    ExplicitBasis(const Network     &network,
                  const Block       &V,
                  const std::string &name,
                  const bool         sorted,
                  const Timer       &timer = {});

    std::string
    name() const override;

    std::size_t
    n_directions() const override;

    bool
    sorted() const override;

    void
    apply(const Block &points, const Block &JV) const override;

    Column
    expand(const Column &y) const override;

    Column
    contract(const Column &gradient) const override;

    /// The directions themselves.
    const Block &
    columns() const;

  private:
    const Block       V;
    const std::string basis_name;
    const bool        is_sorted;
  };



  /**
   * `parameters`: each direction moves one parameter of the network, picked at
   * random without repetition. $J V$ consists of columns of the Jacobian.
   */
  class ParameterBasis : public TangentBasis
  {
  public:
    /// Throws lsr::Error if there are no directions, or more than parameters.
    ParameterBasis(const Network      &network,
                   const std::size_t   n_directions,
                   const std::uint64_t seed);

    std::string
    name() const override;

    std::size_t
    n_directions() const override;

    bool
    sorted() const override;

    void
    apply(const Block &points, const Block &JV) const override;

    Column
    expand(const Column &y) const override;

    Column
    contract(const Column &gradient) const override;

    /// Places in the parameter vector, one for each direction.
    const std::vector<std::size_t> &
    parameters() const;

  private:
    std::vector<std::size_t> places;
  };



  /// The arithmetic in which a subspace is built.
  enum class Precision
  {
    /// float64 throughout.
    float64,
    /// Sketch and projection in float32, for half of their memory, the rest in
    /// float64. Directions with singular values below those of rounding are
    /// lost; the refinement itself is always in float64. Networks that are not
    /// Network::layered() use float64 in any case.
    mixed
  };



  /// Which tangent basis, and how large.
  struct TangentBasisParameters
  {
    /// The values of @p type, separated by bars.
    static constexpr const char *types =
      "structured|rsvd|nystrom|range|parameters";

    std::string type = "structured";

    /// Number $r$ of directions.
    std::size_t n_directions = 1000;

    /// rsvd: number $p$ of columns of the sketch beyond the directions.
    std::size_t oversampling = 10;

    /// rsvd: points to build the subspace from, picked at random; automatic: as
    /// many as give 1000 rows more than there are directions.
    std::optional<std::size_t> n_sample_points;

    /// rsvd: divide direction $j$ by its singular value $\sigma_j$ (paper,
    /// S1.2).
    bool scale_by_inverse_singular_values = false;

    /// rsvd: arithmetic of the sketch.
    Precision precision = Precision::float64;

    std::uint64_t seed = 0;
  };



  /**
   * The tangent basis that the parameters ask for:
   * - `structured`: StructuredBasis;
   * - `rsvd`: randomized_svd() of the Jacobian at a sample of the points
   *   (paper, S1.4);
   * - `nystrom`: rows of the Jacobian, $v_k = \nabla_\theta q_{c_k}(x_k)$, at a
   *   sample of the points and outputs, so that $J V$ consists of columns of
   *   the kernel $J J^T$. They are stored as a RankOneBasis where the network
   *   is fully connected, otherwise as an ExplicitBasis. Kernel columns are
   *   close to dependent: they need float64 and a rank-revealing factorization;
   * - `range`: $V = J^T \Omega$ with normally distributed $\Omega$, random
   *   combinations of the Jacobian's rows at a sample of the points: one
   *   reverse-mode derivative each and no decomposition. For grid operators,
   *   whose only point is a whole sample, they are better than structured
   *   ones;
   * - `parameters`: ParameterBasis.
   *
   * @p points are all points of this rank (inputs of the network $\times$
   * their number), of those that are distributed over @p communicator: samples
   * are taken from all of them and depend on their coordinates and the seed
   * alone, not on the number of ranks. A point that occurs more than once
   * counts as one. Collective; every rank gets the same basis.
   *
   * TangentBasis::timer() of the result has the stages `sketch` and, for
   * `rsvd`, `project` and `svd`.
   *
   * Throws lsr::Error for an unknown type, or a number of directions that the
   * network or the sample does not have.
   */
  std::unique_ptr<TangentBasis>
  make_tangent_basis(const Network                &network,
                     const TangentBasisParameters &parameters,
                     const Block                  &points,
                     const Communicator           &communicator = {});



  /**
   * The leading right singular directions of the network Jacobian $J$ at all
   * points of @p sampling, by a randomized singular value decomposition (paper,
   * Algorithm 1, steps 2-6): a Gaussian sketch $Y = J \Omega$ with $r + p$
   * columns, $Y = Q R$, $B = Q^T J = \tilde U \Sigma \tilde V^T$, $V =
   * \tilde V_{:, 1:r}$.
   *
   * Points are distributed over the ranks of @p communicator. If @p residual is
   * given, its Jacobian $A$ takes the place of the identity in front of $J$:
   * the basis is that of $A J$ (paper, S1.1), with rows scaled for the
   * residual's inner product if that is diagonal; the residual must have been
   * linearized.
   *
   * Needs about $2 (r + p) m$ numbers of memory, in the precision that is used;
   * the directions are float64. Throws lsr::Error if $r + p$ exceeds the number
   * of rows (over all ranks) or of parameters.
   */
  std::unique_ptr<ExplicitBasis>
  randomized_svd(const Network                &network,
                 const Sampling               &sampling,
                 const Communicator           &communicator,
                 const TangentBasisParameters &parameters,
                 Residual                     *residual = nullptr);
} // namespace lsr

#endif
