// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_network_h
#define lsr_network_network_h

#include <lsr/base/types.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lsr
{
  /**
   * Directions in parameter space made of one rank-one block per weight matrix
   * (a Khatri-Rao product): direction $k$ changes the weights of layer $l$ by
   * $u_l^k (v_l^k)^T$ without ever being stored as a vector of length $m$.
   *
   * A bias is the last column of its layer's weights, so it moves with the last
   * entry of $v_l^k$. Parameters that belong to no weight matrix are kept as
   * they are, in @p other.
   */
  struct RankOneDirections
  {
    /// For each weight matrix, $U_l$: outputs of the layer $\times$ directions.
    std::vector<Block> left;

    /// For each weight matrix, $V_l$: inputs (plus one for a bias) $\times$
    /// directions.
    std::vector<Block> right;

    /// The remaining parameters $\times$ directions.
    Block other;

    std::size_t n_directions = 0;
  };



  /**
   * A neural network $q_\theta(x)$ behind an interface that is free of LibTorch
   * headers: its values, their derivatives with respect to $x$, and products
   * with the Jacobian $J = \partial q / \partial \theta$.
   *
   * <h3>Shapes</h3>
   * Points are a block of n_inputs() $\times$ n_points, one column a point.
   * Values $q$ are flattened point by point: row $i \cdot$ n_outputs() $+ c$
   * is output $c$ at point $i$; there are $n$ = n_outputs() $\cdot$ n_points
   * rows. Parameters $\theta$ are flattened in the order in which the module
   * lists them; there are $m$ = n_parameters().
   *
   * <h3>Models</h3>
   * Any TorchScript module whose forward() takes one tensor of sizes
   * [n_points, n_inputs], or several that share these columns, also in a
   * tuple, list or dictionary (see Inputs), and returns one tensor [n_points,
   * n_outputs] (or [n_points]), or a tuple, list or dictionary of such. Weights
   * may be float32 or float64; everything here is computed in float64. A
   * complex parameter is two real ones in $\theta$, real and imaginary part of
   * each entry in turn; parameters that forward() does not use are none, and
   * one that several layers share is one. A network is probed when it is
   * loaded; see load().
   *
   * <h3>Grid operators</h3>
   * Networks that map whole fields to whole fields (FNO, U-Net, transformer)
   * are networks whose "point" is one sample of these fields: with
   * Inputs::sample_sizes, forward() takes a tensor [1, sample_sizes...], for
   * example channels and the numbers of grid points in each direction, and
   * returns one tensor (or several) of any sizes with a leading 1. n_inputs()
   * and n_outputs() are then the numbers of entries in these tensors, in
   * the order of their memory, and a block of points has one column for each
   * sample. The grid, and where the values go, is the business of a Sampling.
   * Such a network is never layered(); derivatives with respect to parameters
   * are propagated for many directions at a time, see description(). There are
   * no derivatives with respect to the input. A scaling has one entry for all
   * values, or one for each.
   *
   * <h3>Corrections</h3>
   * A network can carry a correction $\Delta\theta$ that a refinement has
   * found: it is a refined network,
   * @f[
   *   q(x) = N_\theta(x) + J_\theta(x)\,\Delta\theta,
   * @f]
   * where $N_\theta$ is the module and $J_\theta = \partial N_\theta /
   * \partial\theta$. It is not the module with parameters $\theta +
   * \Delta\theta$, which is usually far off (paper, S3). refined() makes one,
   * save() writes it into a file, and load() reads it as any other network.
   * Values, gradients and Laplacians are those of $q$. Products with the
   * Jacobian are those with $J_\theta$, so a further refinement has the tangent
   * space at $\theta$, and its correction adds to the present one.
   * set_parameters(), and with it training and alignment, changes $N_\theta$
   * and $J_\theta$ but not what corrections contribute: with $\theta_0$ as it
   * was when the correction was found,
   * $q = N_\theta + J_{\theta_0}\,\Delta\theta$.
   *
   * <h3>Jacobian products</h3>
   * Forward- and reverse-mode automatic differentiation of LibTorch work for
   * every module.
   * Where all weight matrices act through linear layers and two-dimensional
   * convolutions, with any activations, connections and products between them,
   * the network is layered(): the Jacobian row of layer $l$ at a point is
   * $\sum_p \delta_{l,p} \otimes a_{l,p}$ with $a_{l,p}$ the input of the
   * layer at position $p$ and $\delta_{l,p}$ the derivative of the output with
   * respect to what the layer returns there. A fully connected layer has one
   * position; one that is applied to several vectors of every point has as many
   * as these, and a convolution one for every patch. Parameters that act
   * elementwise (scales and shifts, also those of normalization layers) have
   * the row $\delta_l \circ \hat x_l$. Up to 256 parameters that are used
   * differently are differentiated one by one; with more the network is not
   * layered; see description(). Where it is, rows of the Jacobian and products
   * with RankOneDirections are cheap. A network can also be a function
   * of subnetworks that see different inputs, as branch and trunk of a
   * DeepONet; on a tensor grid (functions $\times$ points) these are
   * differentiated at far fewer inputs than there are points.
   *
   * Points are treated in batches that become smaller the more numbers a
   * network computes for a point, so that intermediate results stay within some
   * hundred megabytes.
   *
   * <h3>Copies</h3>
   * A Network is a handle, as a Block is: copies refer to the same network and
   * see parameters that another of them sets; clone() makes an independent one.
   * All const functions may be called from one thread at a time; LibTorch's own
   * threads work inside (see set_n_threads()).
   *
   * All errors of LibTorch are rethrown as lsr::Error.
   */
  class Network
  {
  public:
    /**
     * Affine maps between the coordinates of a problem and what the module was
     * trained on: the module sees $(x - \text{input\_shift}) \cdot
     * \text{input\_scale}$ and $q = \text{output\_shift} + \text{output\_scale}
     * \cdot$ what it returns, componentwise. Empty means identity.
     */
    struct Scaling
    {
      std::vector<double> input_shift, input_scale;
      std::vector<double> output_shift, output_scale;
    };

    /// How a module is called, and where.
    struct Inputs
    {
      /**
       * The tensors that forward() takes (arguments, keys of a dictionary) in
       * the order of the columns, with the number of these where it is not
       * clear: "branch: 8, trunk: 2". Empty: in the order of forward(), where
       * arguments with a default value keep it.
       */
      std::string names;

      /// Points at which the network is probed, one column a point. If there
      /// are none, it is probed in cubes around the origin and beside it, the
      /// unit cube first. The same on all ranks.
      Block points;

      /**
       * For a grid operator, the sizes of one sample of its input, such as
       * {1, 65, 65}: forward() takes one tensor [1, sizes...]. Empty for
       * functions of points.
       */
      std::vector<std::size_t> sample_sizes;
    };

    /// What a file does not say of its network.
    struct LoadOptions
    {
      Scaling scaling;
      Inputs  inputs;

      /// The SHA-256 that the file must have, as 64 hexadecimal digits; empty:
      /// any.
      std::string checksum;
    };

    /**
     * Load a TorchScript file, or the file of a refined network, see save().
     *
     * @note A TorchScript file is a program: load only files that you trust.
     * With LoadOptions::checksum, nothing of a file is run unless its SHA-256
     * is this.
     *
     * The scaling of a refined network is part of its file; that of @p options
     * has to be empty then, or the same.
     *
     * The module is probed at a few points. This throws lsr::Error, with the
     * path, what was found and what was expected, if the file is missing, not a
     * regular file or not TorchScript; if the module does not accept
     * @p n_inputs inputs or returns other than @p n_outputs outputs, where
     * given; if a parameter is not finite; if values are not finite, not
     * deterministic, depend on other points in the batch or on the size of the
     * batch; if forward() assigns to members (stateful); or if it is not
     * differentiable with respect to its parameters.
     */
    static Network
    load(const std::string                &path,
         const unsigned int                n_inputs,
         const std::optional<unsigned int> n_outputs = std::nullopt,
         const LoadOptions                &options   = {});

    /// The same for the bytes of a file that is held in memory; @p name stands
    /// for the path in messages.
    static Network
    load_bytes(const std::string                &bytes,
               const std::string                &name,
               const unsigned int                n_inputs,
               const std::optional<unsigned int> n_outputs = std::nullopt,
               const LoadOptions                &options   = {});

    /// A network of its own with the same parameters and corrections.
    Network
    clone() const;

    /// A network of its own that returns $q + J\,\Delta\theta$ for a
    /// @p correction $\Delta\theta$.
    Network
    refined(const Column &correction) const;

    /// A network of its own without the corrections of this one.
    Network
    unrefined() const;

    /// Whether it carries corrections.
    bool
    is_refined() const;

    /**
     * Write the module with its present parameters as a TorchScript file; the
     * scaling is not part of that. Or, where the network is refined, or with a
     * @p correction to become so, or with texts to be stored along with it by
     * their names: write a refined network, with its scaling and with the file
     * that it once was loaded from inside. load() reads both, PyTorch only the
     * first. Nothing is left behind if writing fails.
     */
    void
    save(const std::string                        &path,
         const Column                             &correction  = {},
         const std::map<std::string, std::string> &extra_files = {}) const;

    /// The bytes that save() writes into a file, for load_bytes().
    std::string
    to_bytes(const Column                             &correction  = {},
             const std::map<std::string, std::string> &extra_files = {}) const;

    /// The text that save() stored under @p name in the file @p path; empty if
    /// there is none.
    static std::string
    load_extra_file(const std::string &path, const std::string &name);

    /// The SHA-256 of the file that the network was loaded from, as 64
    /// hexadecimal digits.
    const std::string &
    checksum() const;

    const Scaling &
    scaling() const;

    unsigned int
    n_inputs() const;

    unsigned int
    n_outputs() const;

    /// Number $m$ of parameters.
    std::size_t
    n_parameters() const;

    /// The parameters $\theta$ of the module, flattened.
    Column
    parameters() const;

    /// Replace the parameters. What corrections contribute stays as it is.
    void
    set_parameters(const Column &theta);

    /// Whether the layer factors $\delta_l$, $a_l$ are available.
    bool
    layered() const;

    /// One line: layers found, or why the generic path is used.
    std::string
    description() const;

    /**
     * Compute $q(x)$, or the refined prediction $q(x) + J(x)\,\Delta\theta$ if
     * a correction $\Delta\theta$ is given.
     */
    void
    evaluate(const Block  &points,
             const Column &values,
             const Column &correction = {}) const;

    /**
     * Compute $\partial q_i/\partial x_k$ into a block of n_inputs() $\times$
     * $n$; with a correction, of the refined prediction.
     */
    void
    evaluate_gradients(const Block  &points,
                       const Block  &gradients,
                       const Column &correction = {}) const;

    /**
     * Compute $\sum_{k < \text{n\_space}} \partial^2 q_i / \partial x_k^2$;
     * with a correction, of the refined prediction.
     */
    void
    evaluate_laplacians(const Block       &points,
                        const unsigned int n_space,
                        const Column      &laplacians,
                        const Column      &correction = {}) const;

    /**
     * The loss of add_loss_gradient(): returns the sum of
     * $\ell_i(j_i)$ over some values of the network, the first of which is
     * number @p first, and stores $\partial\ell_i/\partial j_i$ in @p slopes,
     * which has the shape of @p jets, n_inputs() + 2 $\times$ their number.
     */
    using JetLoss = std::function<
      double(const Block &jets, const std::size_t first, const Block &slopes)>;

    /**
     * Add to @p gradient, $m$ numbers, the derivative with respect to the
     * parameters of a loss that sees values and spatial derivatives of the
     * network, as the strong residual of a differential equation does: with
     * the jets
     * @f[
     *   j_i = \Bigl( q_i,\ \partial_1 q_i, \dots, \partial_d q_i,\
     *         \sum_{k=1}^d a_k\, \partial_k^2 q_i \Bigr), \qquad
     *   d = \text{n\_inputs},
     * @f]
     * and the weights @p a of the second derivatives,
     * @f[
     *   L(\theta) = \sum_{i=1}^n \ell_i(j_i), \qquad
     *   \frac{\partial L}{\partial\theta} = \sum_{i=1}^n
     *   \left(\frac{\partial j_i}{\partial\theta}\right)^T
     *   \frac{\partial \ell_i}{\partial j_i}.
     * @f]
     * Only the derivatives of $\ell_i$ have to be given; those of the jets
     * are found by reverse-mode automatic differentiation. Second derivatives
     * with weight 0 are not computed. @p loss is called for batches of points.
     *
     * @return $L(\theta)$. Throws lsr::Error if there is not one weight for
     * each input, or @p gradient does not have one entry for each parameter.
     */
    double
    add_loss_gradient(const Block               &points,
                      const std::vector<double> &a,
                      const JetLoss             &loss,
                      const Column              &gradient) const;

    /**
     * $J V$ for directions $V$ ($m \times r$) into $n \times r$, by whatever is
     * fastest: forward-mode automatic differentiation, rows of the Jacobian
     * where the network is layered(), or subnetwork by subnetwork where the
     * points repeat their inputs.
     */
    void
    jacobian_times(const Block &points, const Block &V, const Block &JV) const;

    /// $J V$ for rank-one directions: two thin matrix products for each layer
    /// of a layered() network, otherwise for some explicit columns at a time.
    void
    jacobian_times(const Block             &points,
                   const RankOneDirections &V,
                   const Block             &JV) const;

    /// $J^T U$ for $U$ ($n \times r$) into $m \times r$, by reverse-mode
    /// automatic differentiation.
    void
    transposed_jacobian_times(const Block &points,
                              const Block &U,
                              const Block &JTU) const;

    /// Number of threads that LibTorch and BLAS use in this process.
    static void
    set_n_threads(const unsigned int n_threads);

    /// Free the memory of the device that LibTorch keeps for later without
    /// using it now: where memory does not suffice, blocks then have as much of
    /// it as they can get. Does nothing on the CPU.
    static void
    release_cached_memory();

    /// The version of LibTorch that the library was built with.
    static std::string
    torch_version();

  private:
    class Implementation;

    explicit Network(std::shared_ptr<Implementation> implementation);

    std::shared_ptr<Implementation> implementation;

    friend class NetworkJacobian;
    friend struct NetworkLayout;
    friend class Trainer;
  };
} // namespace lsr

#endif
