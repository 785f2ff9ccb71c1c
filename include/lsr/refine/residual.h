// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_residual_h
#define lsr_refine_residual_h

#include <lsr/base/communicator.h>
#include <lsr/base/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace lsr
{
  class Residual;

  /**
   * How the size of a residual is measured: $\|f\|^2 = f^T K^{-1} f$ with a
   * symmetric positive definite Gram matrix $K$, whose rows are distributed
   * over ranks like those of $f$. All functions are collective.
   *
   * This class is the Euclidean product, $K = I$. DiagonalInnerProduct weights
   * rows by themselves; dual norms derive from this class and override solve(),
   * and gram_is_jacobian_of() where the matrix is the Jacobian of a residual:
   * then $K^{-1} A X = X$ costs nothing.
   */
  class InnerProduct
  {
  public:
    explicit InnerProduct(const Communicator &communicator = Communicator());

    virtual ~InnerProduct() = default;

    /// Whether $K$ is diagonal. Then refine() and fit() factorize scaled rows,
    /// and no condition number is squared.
    virtual bool
    diagonal() const;

    /// Replace rows @p F by $K^{-1/2} F$. Throws lsr::Error if $K$ is not
    /// diagonal().
    virtual void
    scale(const Block &F) const;

    /// Return $K^{-1} F$, in new memory. Here from scale(): has to be
    /// overridden where $K$ is not diagonal.
    virtual Block
    solve(const Block &F);

    /// Whether $K$ is the Jacobian $A$ of @p residual, as it was linearized.
    virtual bool
    gram_is_jacobian_of(const Residual &residual) const;

    /// $\|f\|$ over all ranks. Throws lsr::Error if $f^T K^{-1} f$ is negative
    /// beyond rounding: $K$ is not positive definite.
    virtual double
    norm(const Column &f);

  protected:
    Communicator communicator;
  };



  /// $\|f\|^2 = \sum_i (s_i f_i)^2$, $K = \operatorname{diag}(s)^{-2}$: a
  /// lumped mass matrix, or weights.
  class DiagonalInnerProduct : public InnerProduct
  {
  public:
    /// The factors $s_i$ of this rank's rows.
    explicit DiagonalInnerProduct(
      const Column       &factors,
      const Communicator &communicator = Communicator());

    void
    scale(const Block &F) const override;

  private:
    const Column factors;
  };



  /**
   * A residual $f(q)$ of the values $q$ of a network (see Sampling), with its
   * Jacobian $A = \partial f / \partial q$.
   *
   * Rows of $q$ and of $f$ are distributed over the ranks of communicator();
   * every function takes and returns the rows of this rank. evaluate(),
   * linearize() and products with a matrix are collective.
   *
   * A residual says nothing about norms. It carries the inner product in which
   * refine() and align() minimize it: Euclidean, unless the class of the
   * residual or its user sets another one.
   *
   * @code
   *   residual.set_inner_product(
   *     std::make_shared<DiagonalInnerProduct>(factors, communicator));
   *   refine(basis, sampling, residual);
   * @endcode
   */
  class Residual
  {
  public:
    virtual ~Residual() = default;

    /// Rows of $q$ on this rank.
    std::size_t
    n_values() const
    {
      return n_values_;
    }

    /// Rows of $f$ on this rank.
    std::size_t
    n_rows() const
    {
      return n_rows_;
    }

    /// The ranks that share the rows.
    const Communicator &
    communicator() const
    {
      return communicator_;
    }

    /// How $f$ is measured.
    InnerProduct &
    inner_product() const
    {
      return *inner_product_;
    }

    /// The same, for another residual with these rows.
    const std::shared_ptr<InnerProduct> &
    shared_inner_product() const
    {
      return inner_product_;
    }

    /// Measure $f$ in another way from now on.
    void
    set_inner_product(const std::shared_ptr<InnerProduct> &inner_product);

    /// The norm of @p f in the inner product. Collective.
    double
    norm(const Column &f) const
    {
      return inner_product().norm(f);
    }

    /**
     * Zero the rows of @p columns (values of $J V$) that are determined by
     * constraints and not by the network: Dirichlet values, hanging nodes.
     */
    virtual void
    set_zero(const Block & /*columns*/) const
    {}

    /// Give the rows of @p q that constraints determine the values that they
    /// demand. Collective.
    virtual void
    distribute(const Column & /*q*/) const
    {}

    /// Compute $f(q)$.
    virtual void
    evaluate(const Column &q, const Column &f) = 0;

    /// Make @p q the point at which the Jacobian $A$ is taken. Here this does
    /// nothing, for a Jacobian that is the same everywhere.
    virtual void
    linearize(const Column & /*q*/)
    {}

    /**
     * A number that tells Jacobians apart: equal numbers, also of different
     * residuals, belong to equal matrices. With it Galerkin's method uses a
     * reduced matrix again. Here it is another number in every call, of a
     * Jacobian about which nothing is known. Collective.
     */
    virtual std::uint64_t
    jacobian_version() const;

    /// Compute $A X$ for a block of columns that set_zero() has seen.
    virtual void
    apply_jacobian(const Block &X, const Block &AX) = 0;

    /// Compute $A^T X$: for alignment by L-BFGS, and for subspaces built from
    /// the Jacobian of the residual.
    virtual void
    apply_transposed_jacobian(const Block &X, const Block &ATX) = 0;

    /// Throw lsr::Error that says why, if apply_transposed_jacobian() would.
    virtual void
    require_transposed_jacobian() const
    {}

    /**
     * Compute $M X$ with the matrix that makes $M\,\partial_\tau q = -f(q)$ an
     * evolution in pseudo-time. It has the rows of $f$ and the columns of $q$:
     * a (lumped) mass matrix, or one that picks for each equation the value
     * that it determines. There is none unless this is overridden.
     */
    virtual void
    apply_mass(const Block &X, const Block &MX);

    /// Compute $M^T X$. Here $M$ is taken to be symmetric.
    virtual void
    apply_transposed_mass(const Block &X, const Block &MTX);

    /// Throw lsr::Error that says why, if apply_mass() would. To be overridden
    /// with it.
    virtual void
    require_mass() const;

  protected:
    Residual(const std::size_t   n_values,
             const std::size_t   n_rows,
             const Communicator &communicator = Communicator());

    // No slices of residuals.
    Residual(const Residual &) = default;
    Residual &
    operator=(const Residual &) = default;

    /// A number that jacobian_version() has not returned before.
    static std::uint64_t
    new_version();

  private:
    std::size_t                   n_values_, n_rows_;
    Communicator                  communicator_;
    std::shared_ptr<InnerProduct> inner_product_;
  };



  /**
   * The misfit $f(q) = q - t$ to given targets; its Jacobian is the identity,
   * and so is its mass. With it refine() fits data.
   */
  class DataMisfit : public Residual
  {
  public:
    /// Targets of this rank; rows are distributed over @p communicator.
    explicit DataMisfit(const Column       &targets,
                        const Communicator &communicator = Communicator());

    void
    evaluate(const Column &q, const Column &f) override;

    void
    apply_jacobian(const Block &X, const Block &AX) override;

    void
    apply_transposed_jacobian(const Block &X, const Block &ATX) override;

    void
    apply_mass(const Block &X, const Block &MX) override;

    void
    require_mass() const override
    {}

  private:
    Column targets;
  };
} // namespace lsr

#endif
